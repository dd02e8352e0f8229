// The life of a collection through the `HttpClient` of `@zilliz/milvus2-sdk-node`, against the server at MILVUS_URI.
//
// CLIENT_FOLDER is where the package is installed. The client sends no Content-Type of JSON, fills `dbName` into every body,
// and reads `topks` of every search, so that a server which does without any of them is no server for it.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const packages = createRequire(join(process.env.CLIENT_FOLDER, 'package.json'));
const { HttpClient } = packages('@zilliz/milvus2-sdk-node');
const { version } = packages('@zilliz/milvus2-sdk-node/package.json');

const config = { endpoint: process.env.MILVUS_URI, token: process.env.MILVUS_TOKEN, timeout: 30_000, acceptInt64: true };
const client = new HttpClient(config);
let answered = 0;

/** The `data` of an answer that has to be a success. */
async function data(answer) {
  const { code, message, data } = await answer;
  assert.equal(code, 0, `refused with ${code}: ${message}`);
  answered += 1;
  return data;
}

/** Asks again, each time after a turn of the event loop, until the answer is the expected one or time is up. */
async function eventually(ask, expected) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await ask();
    try {
      assert.deepEqual(found, expected);
      return;
    } catch (difference) {
      if (Date.now() > deadline) throw difference;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const dbName = 'clients';
const collectionName = 'books';
const own = { dbName, collectionName };

// A token that is not the right one is refused, and the reason can be read.
const stranger = new HttpClient({ ...config, token: 'root:wrong' });
assert.notEqual((await stranger.listCollections().catch(({ status }) => ({ code: status }))).code, 0);

// Databases. Older clients have no calls for them, so that the call is made by its path.
const databases = (call, body = {}) => client.POST(`/vectordb/databases/${call}`, body);
await data(databases('create', { dbName }));
assert.ok((await data(databases('list'))).includes(dbName));
if (client.describeDatabase) assert.equal((await data(client.describeDatabase({ dbName }))).dbName, dbName);

// A collection with a schema, and its indexes.
await data(client.createCollection({
  ...own,
  schema: {
    autoId: false,
    enableDynamicField: true,
    fields: [
      { fieldName: 'id', dataType: 'Int64', isPrimary: true },
      { fieldName: 'title', dataType: 'VarChar', elementTypeParams: { max_length: 200 } },
      { fieldName: 'dense', dataType: 'FloatVector', elementTypeParams: { dim: 4 } },
      { fieldName: 'other', dataType: 'FloatVector', elementTypeParams: { dim: 2 } },
    ],
  },
}));
assert.deepEqual(await data(client.listCollections({ dbName })), [collectionName]);
assert.equal((await data(client.hasCollection(own))).has, true);
const described = await data(client.describeCollection(own));
assert.deepEqual(described.fields.map(({ name }) => name), ['id', 'title', 'dense', 'other']);
await data(client.createIndex({
  ...own,
  indexParams: [
    { fieldName: 'dense', indexName: 'dense', metricType: 'L2', index_type: 'FLAT', params: { index_type: 'FLAT' } },
    { fieldName: 'other', indexName: 'other', metricType: 'IP', index_type: 'FLAT', params: { index_type: 'FLAT' } },
  ],
}));
assert.deepEqual((await data(client.listIndexes(own))).sort(), ['dense', 'other']);
const [index] = await data(client.describeIndex({ ...own, indexName: 'dense' }));
assert.deepEqual([index.fieldName, index.metricType], ['dense', 'L2']);

// Partitions, and the load.
const partition = { ...own, partitionName: 'old' };
await data(client.createPartition(partition));
assert.equal((await data(client.hasPartition(partition))).has, true);
assert.deepEqual((await data(client.listPartitions(own))).sort(), ['_default', 'old']);
await data(client.loadCollection(own));
const state = async () => (await data(client.getCollectionLoadState(own))).loadState;
await eventually(state, 'LoadStateLoaded');

// Rows.
const row = (id) => ({ id, title: `book ${id}`, dense: [id, 0, 0, 0], other: [id, 1], shelf: id % 3 });
const inserted = await data(client.insert({ ...own, data: [1, 2, 3, 4, 5].map(row) }));
assert.deepEqual([inserted.insertCount, inserted.insertIds], [5, [1, 2, 3, 4, 5]]);
assert.equal((await data(client.insert({ ...partition, data: [row(9)] }))).insertCount, 1);
const upserted = await data(client.upsert({ ...own, data: [{ ...row(5), title: 'five' }, row(6)] }));
assert.deepEqual([upserted.upsertCount, upserted.upsertIds], [2, [5, 6]]);
const strong = { consistencyLevel: 'Strong' };
const ids = (rows) => rows.map(({ id }) => id);
const query = (filter, more = {}) =>
  data(client.query({ ...own, ...strong, filter, outputFields: ['id'], limit: 100, ...more }));
await eventually(async () => ids(await query('id > 0')).sort(), [1, 2, 3, 4, 5, 6, 9]);
assert.deepEqual(ids(await query('shelf == 0')).sort(), [3, 6, 9]);
assert.deepEqual(ids(await query('id > 0', { partitionNames: ['old'] })), [9]);
assert.deepEqual(await query('id in [5]', { outputFields: ['title', 'dense', 'shelf'] }), [
  { id: 5, title: 'five', dense: [5, 0, 0, 0], shelf: 2 },
]);
assert.deepEqual(ids(await data(client.get({ ...own, ...strong, id: [2, 4], outputFields: ['id'] }))).sort(), [2, 4]);

// A client that is not told to take 64-bit integers asks for them as text.
const wary = new HttpClient({ ...config, acceptInt64: undefined });
assert.deepEqual(await data(wary.get({ ...own, ...strong, id: ['2'], outputFields: ['id'] })), [{ id: '2' }]);

// Searches: one flat list, which this client cuts into one for each query vector.
const search = (more) =>
  client.search({ ...own, ...strong, annsField: 'dense', data: [[4.2, 0, 0, 0]], limit: 2, outputFields: ['title'], ...more });
const [nearest, second] = await data(search());
assert.deepEqual([nearest.id, nearest.title, second.id], [4, 'book 4', 5]);
assert.ok(Math.abs(nearest.distance - 0.04) < 1e-4, `a distance of ${nearest.distance}`);
const both = await data(search({ data: [[1, 0, 0, 0], [9, 0, 0, 0]] }));
assert.deepEqual(both.map(ids), [[1, 2], [9, 6]]);
assert.deepEqual(ids(await data(search({ filter: 'shelf == 1', limit: 10 }))), [4, 1]);
assert.deepEqual(ids(await data(search({ annsField: 'other', data: [[1, 0]], limit: 3 }))), [9, 6, 5]);
const hybrid = await data(client.hybridSearch({
  ...own,
  ...strong,
  search: [
    { data: [[9, 0, 0, 0]], annsField: 'dense', limit: 3 },
    { data: [[1, 0]], annsField: 'other', limit: 3 },
  ],
  rerank: { strategy: 'rrf', params: { k: 60 } },
  limit: 2,
  outputFields: ['title'],
}));
assert.deepEqual(hybrid.map(({ id, title }) => [id, title]), [[9, 'book 9'], [6, 'book 6']]);

// Aliases.
const aliasName = 'shelf';
await data(client.createAlias({ ...own, aliasName }));
assert.equal((await data(client.describeAlias({ dbName, aliasName }))).collectionName, collectionName);
assert.deepEqual(await data(client.listAliases(own)), [aliasName]);
await eventually(async () => ids(await query('id == 1', { collectionName: aliasName })), [1]);
await data(client.dropAlias({ dbName, aliasName }));

// Deletes, and a refusal.
await data(client.delete({ ...own, filter: 'id in [1, 2]' }));
await eventually(async () => ids(await query('id < 5')).sort(), [3, 4]);
const refusal = await client.query({ ...own, filter: 'id >', outputFields: ['id'] });
assert.notEqual(refusal.code, 0);
assert.match(refusal.message, /id >/);
assert.equal((await client.describeCollection({ dbName, collectionName: 'nothing' })).code, 100);

// The end.
await data(client.releasePartitions({ ...own, partitionNames: ['old'] }));
await data(client.dropPartition(partition));
await eventually(async () => (await data(client.hasPartition(partition))).has, false);
await data(client.releaseCollection(own));
await eventually(state, 'LoadStateNotLoad');
await data(client.dropIndex({ ...own, indexName: 'dense' }));
await data(client.renameCollection({ ...own, newCollectionName: 'novels' }));
await data(client.dropCollection({ dbName, collectionName: 'novels' }));
await eventually(async () => (await data(client.listCollections({ dbName }))) ?? [], []);
await data(databases('drop', { dbName }));
await eventually(async () => (await data(databases('list'))).includes(dbName), false);

console.log(`@zilliz/milvus2-sdk-node ${version}: ${answered} calls answered as expected`);
