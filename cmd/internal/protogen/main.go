// Command protogen compiles the .proto files of the current folder without protoc and runs the two code
// generators that go.mod names as tools. It is called by go generate.
package main

import (
	"bytes"
	"context"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	files, err := filepath.Glob("*.proto")
	if err != nil {
		log.Fatal(err)
	}
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{ImportPaths: []string{"."}},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(context.Background(), files...)
	if err != nil {
		log.Fatal(err)
	}
	var descriptors []*descriptorpb.FileDescriptorProto
	for _, f := range compiled {
		d := protodesc.ToFileDescriptorProto(f)
		descriptors = append(descriptors, d)
	}
	generate("protoc-gen-go", "paths=source_relative", files, descriptors)
	generate("protoc-gen-connect-go", "paths=source_relative,simple,package_suffix", files, descriptors)
}

func generate(plugin, parameter string, files []string, descriptors []*descriptorpb.FileDescriptorProto) {
	request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: files, Parameter: &parameter, ProtoFile: descriptors,
	})
	if err != nil {
		log.Fatal(err)
	}
	cmd := exec.Command("go", "tool", plugin)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(request), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		log.Fatalf("%s: %v", plugin, err)
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		log.Fatal(err)
	}
	if response.Error != nil {
		log.Fatalf("%s: %s", plugin, *response.Error)
	}
	for _, f := range response.File {
		if err := os.WriteFile(filepath.Base(f.GetName()), []byte(f.GetContent()), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
