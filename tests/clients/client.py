"""The life of a collection through `milvus_client`, against the server at MILVUS_URI.

The package speaks to collections, partitions and entities, and sends null for everything that its caller leaves out. It knows
no databases, indexes, aliases, hybrid searches and releases; these calls are made with `aiohttp`, which it brings along.
"""

import asyncio
import os
import time
from importlib.metadata import version

import aiohttp
from milvus_client import MilvusClient

URI = os.environ["MILVUS_URI"]
TOKEN = os.environ["MILVUS_TOKEN"]
DATABASE = "clients"
BOOKS = "books"
OWN = {"dbName": DATABASE, "collectionName": BOOKS}


async def call(operation, body):
    """The data of a call that the package does not know."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{URI}/v2/vectordb/{operation}", json=body) as response:
            answer = await response.json()
            assert response.status == 200 and answer["code"] == 0, (operation, answer)
            return answer.get("data")


async def eventually(ask, expected):
    """Asks again until the answer is the expected one or time is up."""
    deadline = time.monotonic() + 30
    while (found := await ask()) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, found {found}"


async def refused(coroutine):
    """The answer of a call that has to fail."""
    try:
        answer = await coroutine
    except aiohttp.ClientError as error:
        return error.args[0]
    raise AssertionError(f"a success where a failure must come: {answer}")


def row(key):
    return {"id": key, "title": f"book {key}", "dense": [key, 0, 0, 0], "other": [key, 1], "shelf": key % 3}


def ids(rows):
    return sorted(row["id"] for row in rows)


def schema():
    vector = {"dataType": "FloatVector"}
    return {
        "autoId": False,
        "enableDynamicField": True,
        "fields": [
            {"fieldName": "id", "dataType": "Int64", "isPrimary": True},
            {"fieldName": "title", "dataType": "VarChar", "elementTypeParams": {"max_length": 200}},
            {"fieldName": "dense", **vector, "elementTypeParams": {"dim": 4}},
            {"fieldName": "other", **vector, "elementTypeParams": {"dim": 2}},
        ],
    }


async def main():
    client = MilvusClient(URI, TOKEN)
    stranger = MilvusClient(URI, "root:wrong")
    assert (await refused(stranger.describe_collection(BOOKS)))["code"] != 0

    async def databases():
        return DATABASE in await call("databases/list", {})

    # A database, a collection and its indexes.
    await call("databases/create", {"dbName": DATABASE})
    await eventually(databases, True)
    assert (await refused(client.describe_collection(BOOKS, DATABASE)))["code"] == 100
    await client.create_collection({**OWN, "schema": schema()})
    described = await client.describe_collection(BOOKS, DATABASE)
    assert [field["name"] for field in described["fields"]] == ["id", "title", "dense", "other"], described
    for field, metric in (("dense", "L2"), ("other", "IP")):
        index = {"fieldName": field, "indexName": field, "metricType": metric, "params": {"index_type": "FLAT"}}
        await call("indexes/create", {**OWN, "indexParams": [index]})
    assert sorted(await call("indexes/list", OWN)) == ["dense", "other"]

    async def load_state():
        return (await call("collections/get_load_state", OWN))["loadState"]

    await client.load_collection(BOOKS, DATABASE)
    await eventually(load_state, "LoadStateLoaded")

    # Partitions; the calls of the package for them cannot name a database.
    await call("partitions/create", {**OWN, "partitionName": "old"})
    assert sorted(await call("partitions/list", OWN)) == ["_default", "old"]

    # Rows.
    inserted = await client.insert(BOOKS, [row(key) for key in range(1, 6)], DATABASE)
    assert (inserted["insertCount"], inserted["insertIds"]) == (5, [1, 2, 3, 4, 5]), inserted
    assert (await client.insert(BOOKS, [row(9)], DATABASE, "old"))["insertCount"] == 1
    upserted = await client.upsert(BOOKS, [{**row(5), "title": "five"}, row(6)], DATABASE)
    assert (upserted["upsertCount"], upserted["upsertIds"]) == (2, [5, 6]), upserted

    async def query(condition, **more):
        return await client.query(BOOKS, condition, 100, ["id"], db_name=DATABASE, **more)

    async def found(condition, **more):
        return ids(await query(condition, **more))

    await eventually(lambda: found("id > 0"), [1, 2, 3, 4, 5, 6, 9])
    await eventually(lambda: found("shelf == 0"), [3, 6, 9])
    await eventually(lambda: found("id > 0", partition_names=["old"]), [9])
    fields = ["title", "dense", "shelf"]
    five = {"id": 5, "title": "five", "dense": [5, 0, 0, 0], "shelf": 2}
    await eventually(lambda: client.query(BOOKS, "id == 5", 1, fields, db_name=DATABASE), [five])

    async def got(keys):
        return ids(await client.get(BOOKS, keys, ["id"], DATABASE))

    await eventually(lambda: got([2, 4]), [2, 4])

    # Searches, their answers flat.
    async def search(vectors, field, **more):
        return await client.search(BOOKS, vectors, field, outputFields=["title"], db_name=DATABASE, **more)

    nearest, second = await search([[4.2, 0, 0, 0]], "dense", limit=2)
    assert (nearest["id"], nearest["title"], second["id"]) == (4, "book 4", 5), (nearest, second)
    assert abs(nearest["distance"] - 0.04) < 1e-4, nearest
    both = await search([[1, 0, 0, 0], [9, 0, 0, 0]], "dense", limit=2)
    assert [hit["id"] for hit in both] == [1, 2, 9, 6], both
    assert [hit["id"] for hit in await search([[4.2, 0, 0, 0]], "dense", filter="shelf == 1")] == [4, 1]
    skipped = await search([[1, 0]], "other", limit=2, offset=1)
    assert [hit["id"] for hit in skipped] == [6, 5], skipped
    parts = [
        {"data": [[9, 0, 0, 0]], "annsField": "dense", "limit": 3},
        {"data": [[1, 0]], "annsField": "other", "limit": 3},
    ]
    ranker = {"strategy": "rrf", "params": {"k": 60}}
    hybrid = await call("entities/hybrid_search", {**OWN, "search": parts, "rerank": ranker, "limit": 2})
    assert [hit["id"] for hit in hybrid] == [9, 6], hybrid

    # An alias stands for its collection.
    await call("aliases/create", {**OWN, "aliasName": "shelf"})
    assert await call("aliases/list", OWN) == ["shelf"]
    await eventually(lambda: client.get("shelf", [3], ["id"], DATABASE), [{"id": 3}])
    await call("aliases/drop", {"dbName": DATABASE, "aliasName": "shelf"})

    # Deletes, and a refusal.
    await client.delete(BOOKS, "id in [1, 2]", DATABASE)
    await eventually(lambda: found("id < 5"), [3, 4])
    assert "id >" in (await refused(query("id >")))["message"]

    # The end.
    await call("collections/release", OWN)
    await eventually(load_state, "LoadStateNotLoad")
    await call("partitions/drop", {**OWN, "partitionName": "old"})
    await call("indexes/drop", {**OWN, "indexName": "dense"})
    await client.drop_collection(BOOKS, DATABASE)
    assert (await refused(client.describe_collection(BOOKS, DATABASE)))["code"] == 100
    await call("databases/drop", {"dbName": DATABASE})
    await eventually(databases, False)
    print(f"milvus_client {version('milvus_client')}: the life of a collection went as expected")


asyncio.run(main())
