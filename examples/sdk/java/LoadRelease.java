import io.milvus.v2.client.ConnectConfig;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.DataType;
import io.milvus.v2.common.IndexParam;
import io.milvus.v2.service.collection.request.AddFieldReq;
import io.milvus.v2.service.collection.request.CreateCollectionReq;
import io.milvus.v2.service.collection.request.DropCollectionReq;
import io.milvus.v2.service.collection.request.GetLoadStateReq;
import io.milvus.v2.service.collection.request.LoadCollectionReq;
import io.milvus.v2.service.collection.request.ReleaseCollectionReq;
import io.milvus.v2.service.index.request.CreateIndexReq;
import java.util.List;

/** Load, state, release, state, as the load-and-release guide does it in Java. Prints what the client answers. */
public class LoadRelease {
    public static void main(String[] arguments) {
        String name = System.getenv("COLLECTION");
        MilvusClientV2 client = new MilvusClientV2(ConnectConfig.builder()
                .uri(System.getenv("MILVUS_URI"))
                .token(System.getenv().getOrDefault("MILVUS_TOKEN", ""))
                .build());
        System.out.println("sdk: io.milvus:milvus-sdk-java "
                + MilvusClientV2.class.getPackage().getImplementationVersion());
        try {
            create(client, name);
            flow(client, name);
        } finally {
            client.dropCollection(DropCollectionReq.builder().collectionName(name).build());
            client.close();
        }
    }

    private static void create(MilvusClientV2 client, String name) {
        CreateCollectionReq.CollectionSchema schema = CreateCollectionReq.CollectionSchema.builder()
                .enableDynamicField(true)
                .build();
        schema.addField(AddFieldReq.builder().fieldName("my_id").dataType(DataType.Int64).isPrimaryKey(true).build());
        schema.addField(AddFieldReq.builder().fieldName("my_vector").dataType(DataType.FloatVector).dimension(5).build());
        client.createCollection(CreateCollectionReq.builder().collectionName(name).collectionSchema(schema).build());
        IndexParam index = IndexParam.builder()
                .fieldName("my_vector")
                .indexType(IndexParam.IndexType.AUTOINDEX)
                .metricType(IndexParam.MetricType.L2)
                .build();
        client.createIndex(CreateIndexReq.builder().collectionName(name).indexParams(List.of(index)).build());
    }

    private static void flow(MilvusClientV2 client, String name) {
        GetLoadStateReq state = GetLoadStateReq.builder().collectionName(name).build();
        client.loadCollection(LoadCollectionReq.builder().collectionName(name).build());
        System.out.println("loaded: " + client.getLoadState(state));
        client.releaseCollection(ReleaseCollectionReq.builder().collectionName(name).build());
        System.out.println("released: " + client.getLoadState(state));
        client.loadCollection(LoadCollectionReq.builder()
                .collectionName(name)
                .loadFields(List.of("my_id", "my_vector"))
                .skipLoadDynamicField(true)
                .build());
        System.out.println("loaded with chosen fields: " + client.getLoadState(state));
    }
}
