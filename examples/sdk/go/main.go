// Load, state, release, state, as the load-and-release guide does it in Go. Prints what the client answers.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/milvus-io/milvus/client/v2/entity"
	"github.com/milvus-io/milvus/client/v2/index"
	"github.com/milvus-io/milvus/client/v2/milvusclient"
)

func main() {
	ctx := context.Background()
	user, password, _ := strings.Cut(os.Getenv("MILVUS_TOKEN"), ":")
	client, err := milvusclient.New(ctx, &milvusclient.ClientConfig{
		Address:  os.Getenv("MILVUS_URI"),
		Username: user,
		Password: password,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	printSDK(client)
	name := os.Getenv("COLLECTION")
	err = create(ctx, client, name)
	if err == nil {
		err = flow(ctx, client, name)
	}
	if err := errors.Join(err, client.DropCollection(ctx, milvusclient.NewDropCollectionOption(name))); err != nil {
		log.Fatal(err)
	}
}

// printSDK prints the version of the module that was built in, and the package of the client, which the guide imports.
func printSDK(client *milvusclient.Client) {
	of := reflect.TypeOf(client).Elem().PkgPath()
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == path.Dir(of) {
				fmt.Println("sdk:", module.Path, module.Version)
			}
		}
	}
	fmt.Println("package:", of)
}

func create(ctx context.Context, client *milvusclient.Client, name string) error {
	schema := entity.NewSchema().WithDynamicFieldEnabled(true).
		WithField(entity.NewField().WithName("my_id").WithDataType(entity.FieldTypeInt64).WithIsPrimaryKey(true)).
		WithField(entity.NewField().WithName("my_vector").WithDataType(entity.FieldTypeFloatVector).WithDim(5))
	if err := client.CreateCollection(ctx, milvusclient.NewCreateCollectionOption(name, schema)); err != nil {
		return err
	}
	task, err := client.CreateIndex(ctx, milvusclient.NewCreateIndexOption(name, "my_vector", index.NewAutoIndex(entity.L2)))
	if err != nil {
		return err
	}
	return task.Await(ctx)
}

func flow(ctx context.Context, client *milvusclient.Client, name string) error {
	task, err := client.LoadCollection(ctx, milvusclient.NewLoadCollectionOption(name))
	if err != nil {
		return err
	}
	fmt.Println("load:", task.Await(ctx))
	state, err := client.GetLoadState(ctx, milvusclient.NewGetLoadStateOption(name))
	if err != nil {
		return err
	}
	fmt.Printf("loaded: %+v\n", state)
	fmt.Println("release:", client.ReleaseCollection(ctx, milvusclient.NewReleaseCollectionOption(name)))
	state, err = client.GetLoadState(ctx, milvusclient.NewGetLoadStateOption(name))
	if err != nil {
		return err
	}
	fmt.Printf("released: %+v\n", state)
	task, err = client.LoadCollection(ctx, milvusclient.NewLoadCollectionOption(name).
		WithLoadFields("my_id", "my_vector").WithSkipLoadDynamicField(true))
	if err != nil {
		return err
	}
	fmt.Println("load of chosen fields:", task.Await(ctx))
	state, err = client.GetLoadState(ctx, milvusclient.NewGetLoadStateOption(name))
	if err != nil {
		return err
	}
	fmt.Printf("loaded with chosen fields: %+v\n", state)
	return nil
}
