// Load, state, release, state, as the load-and-release guide does it in Node.js. Prints what the client answers.

import { DataType, MilvusClient } from "@zilliz/milvus2-sdk-node";

const address = new URL(process.env.MILVUS_URI).host;
const client = new MilvusClient({ address, token: process.env.MILVUS_TOKEN ?? "" });
const collection_name = process.env.COLLECTION;

const done = (status) => {
  if (status.error_code !== "Success") throw new Error(JSON.stringify(status));
  return status;
};

console.log("sdk: @zilliz/milvus2-sdk-node", MilvusClient.sdkInfo.version);
done(
  await client.createCollection({
    collection_name,
    fields: [
      { name: "my_id", data_type: DataType.Int64, is_primary_key: true },
      { name: "my_vector", data_type: DataType.FloatVector, dim: 5 },
    ],
    enable_dynamic_field: true,
  }),
);
try {
  done(await client.createIndex({ collection_name, field_name: "my_vector", index_type: "AUTOINDEX", metric_type: "L2" }));
  let res = await client.loadCollection({ collection_name });
  console.log("load:", res.error_code);
  res = await client.getLoadState({ collection_name });
  console.log("loaded:", res.state);
  res = await client.releaseCollection({ collection_name });
  console.log("release:", res.error_code);
  res = await client.getLoadState({ collection_name });
  console.log("released:", res.state);
  // The guide has other names for these two methods.
  console.log("typeof client.load_collection:", typeof client.load_collection);
  console.log("typeof client.getCollectionLoadState:", typeof client.getCollectionLoadState);
  res = await client.loadCollection({ collection_name, load_fields: ["my_id", "my_vector"], skip_load_dynamic_field: true });
  console.log("load of chosen fields:", res.error_code);
  res = await client.getLoadState({ collection_name });
  console.log("loaded with chosen fields:", res.state);
} finally {
  done(await client.dropCollection({ collection_name }));
}
await client.closeConnection();
