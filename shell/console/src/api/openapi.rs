//! The API described in OpenAPI 3.1, made from the list of its addresses and the shapes of its views.

use crate::{
    api::{ENDPOINTS, Endpoint},
    door::{Right, Visitor},
    refusal::Refusal,
};
use axum::Json;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

pub(super) async fn document(visitor: Visitor) -> Result<Json<Value>, Refusal> {
    visitor.must(Right::Look)?;
    Ok(Json(describe()))
}

/// The whole description.
pub(crate) fn describe() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = SchemaGenerator::new(settings);
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let operation = operation(endpoint, &mut generator);
        let path = paths.entry(format!("/api/v1{}", endpoint.path)).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(endpoint.method.to_lowercase(), operation);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert(
        "Error".to_owned(),
        json!({
            "type": "object",
            "required": ["status", "error"],
            "properties": {
                "status": { "type": "integer", "description": "The HTTP status." },
                "error": { "type": "string", "description": "What happened and what to do, in words." }
            }
        }),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bastide",
            "version": "1",
            "summary": "What a city’s console shows, for programmes.",
            "description": "Times are RFC 3339 in UTC, durations are seconds. New fields may be added; none is renamed or \
                            taken away below /api/v1.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token that an approver made." }
            },
            "responses": {
                "Refused": {
                    "description": "Why it was not done.",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } }
                }
            }
        }
    })
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    for fields in endpoint.query {
        let schema = fields(generator).to_value();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let description = property.get("description").cloned().unwrap_or_default();
            let whole = property.get("format").is_some();
            let kind = if whole { "integer" } else { "string" };
            parameters.push(json!({
                "name": name, "in": "query", "required": false, "description": description,
                "schema": { "type": kind }
            }));
        }
    }
    let schema = (endpoint.answer)(generator).to_value();
    let mut operation = json!({
        "summary": endpoint.summary,
        "description": format!("For: {}.", endpoint.who),
        "operationId": operation_id(endpoint),
        "parameters": parameters,
        "responses": {
            "200": { "description": endpoint.summary, "content": { endpoint.media: { "schema": schema } } },
            "default": { "$ref": "#/components/responses/Refused" }
        }
    });
    if let (Some(body), Some(fields)) = (endpoint.body, operation.as_object_mut()) {
        let schema = body(generator).to_value();
        let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        fields.insert("requestBody".to_owned(), body);
    }
    operation
}

/// `GET /findings/{number}` is `get_findings_number`.
fn operation_id(endpoint: &Endpoint) -> String {
    let words = endpoint.path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty());
    std::iter::once(endpoint.method.to_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}
