"""Load, state, release, state, as the load-and-release guide does it in Python. Prints what the client answers."""

import os
from importlib.metadata import version

from pymilvus import DataType, MilvusClient

client = MilvusClient(uri=os.environ["MILVUS_URI"], token=os.environ.get("MILVUS_TOKEN", ""))
name = os.environ["COLLECTION"]

schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
schema.add_field("my_id", DataType.INT64, is_primary=True)
schema.add_field("my_vector", DataType.FLOAT_VECTOR, dim=5)
index = client.prepare_index_params()
index.add_index("my_vector", index_type="AUTOINDEX", metric_type="L2")

print("sdk: pymilvus", version("pymilvus"))
client.create_collection(name, schema=schema)
try:
    client.create_index(name, index)
    client.load_collection(collection_name=name)
    print("loaded:", client.get_load_state(collection_name=name))
    client.release_collection(collection_name=name)
    print("released:", client.get_load_state(collection_name=name))
    client.load_collection(collection_name=name, load_fields=["my_id", "my_vector"], skip_load_dynamic_field=True)
    print("loaded with chosen fields:", client.get_load_state(collection_name=name))
finally:
    client.drop_collection(name)
