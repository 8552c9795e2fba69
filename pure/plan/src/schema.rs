//! The language described to editors, so that they complete and check it while it is written.

use crate::tree::{
    AssetTable, BackupTable, CheckTable, CityTable, ConduitTable, ContactTable, CrewTable, FeedTable,
    InventoryTable, NotifyTable, PeerTable, ProcedureTable, RepositoryTable, ResponseTable, ServiceTable,
    SiteTable, SupplierTable, Table, ZoneTable,
};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of one TOML file of a plan. It is made from the same declarations as the reader.
#[must_use]
pub fn schema() -> Value {
    let mut tables = Map::new();
    tables.insert(CityTable::NAME.into(), CityTable::schema());
    list::<ServiceTable>(&mut tables);
    list::<ZoneTable>(&mut tables);
    list::<ConduitTable>(&mut tables);
    list::<AssetTable>(&mut tables);
    list::<InventoryTable>(&mut tables);
    list::<SupplierTable>(&mut tables);
    list::<FeedTable>(&mut tables);
    list::<ResponseTable>(&mut tables);
    list::<ContactTable>(&mut tables);
    list::<SiteTable>(&mut tables);
    list::<CrewTable>(&mut tables);
    list::<RepositoryTable>(&mut tables);
    list::<BackupTable>(&mut tables);
    list::<CheckTable>(&mut tables);
    list::<ProcedureTable>(&mut tables);
    list::<PeerTable>(&mut tables);
    list::<NotifyTable>(&mut tables);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan of Bastide",
        "description": "One file of a city's plan. A plan is all TOML files of a folder together.",
        "type": "object",
        "properties": tables,
        "additionalProperties": false,
    })
}

fn list<T: Table>(tables: &mut Map<String, Value>) {
    let schema = json!({ "type": "array", "description": T::ABOUT.trim(), "items": T::schema() });
    tables.insert(T::NAME.into(), schema);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::NAMES;

    #[test]
    fn every_table_and_key_is_described() {
        let schema = schema();
        let tables = schema["properties"].as_object().unwrap();
        assert_eq!(tables.len(), NAMES.len());
        for name in NAMES {
            let table = &tables[name];
            let fields = table.get("items").unwrap_or(table);
            assert_eq!(fields["additionalProperties"], json!(false), "{name}");
            for (key, field) in fields["properties"].as_object().unwrap() {
                assert!(field["description"].as_str().is_some_and(|d| d.len() > 5), "{name} {key}");
            }
        }
        assert_eq!(tables["zone"]["items"]["required"], json!(["id", "name"]));
        assert_eq!(tables["conduit"]["items"]["properties"]["allow"]["type"], "array");
    }
}
