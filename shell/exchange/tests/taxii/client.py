"""Reads every endpoint of a TAXII 2.1 server with taxii2-client, and posts to it, as its standard input says."""

import json
import sys

import requests
from taxii2client.v21 import Server, as_pages

told = json.load(sys.stdin)
account = {"user": told["user"], "password": told["password"], "verify": told["verify"]}
server = Server(told["url"] + "/taxii2/", **account)
root = server.api_roots[0]
said = {"server": server.title, "root": root.title, "versions": root.versions, "default": server.default.url == root.url,
        "max": root.max_content_length, "collections": []}
for collection in root.collections:
    one = {"id": collection.id, "can_write": collection.can_write, "objects": [], "pages": 0}
    for page in as_pages(collection.get_objects, per_request=2):
        one["objects"] += page.get("objects", [])
        one["pages"] += 1
    one["manifest"] = [entry for page in as_pages(collection.get_manifest, per_request=2)
                       for entry in page.get("objects", [])]
    one["filtered"] = collection.get_objects(type="indicator", version="first", spec_version="2.1").get("objects", [])
    one["after"] = []
    if one["manifest"]:
        after = one["manifest"][0]["date_added"]
        one["after"] = collection.get_objects(added_after=after).get("objects", [])
        first = one["manifest"][0]["id"]
        one["one"] = collection.get_object(first)["objects"]
        one["versions"] = collection.object_versions(first)["versions"]
    if told.get("post") and collection.can_write:
        status = collection.add_objects({"objects": told["post"]}, wait_for_completion=True)
        one["status"] = json.loads(json.dumps(status._raw if hasattr(status, "_raw") else vars(status), default=str))
        again = root.get_status(status.id)
        one["again"] = [again.status, again.total_count, again.success_count, again.failure_count]
        one["posted"] = collection.get_object(told["post"][0]["id"])["objects"]
        collection.delete_object(told["post"][0]["id"])
        try:
            collection.get_object(told["post"][0]["id"])
            one["deleted"] = False
        except requests.exceptions.HTTPError as error:
            one["deleted"] = error.response.status_code == 404
    said["collections"].append(one)
json.dump(said, sys.stdout)
