package main

import (
	_ "connectrpc.com/connect"
	_ "fyne.io/fyne/v2/app"
	_ "fyne.io/fyne/v2/test"
	_ "github.com/bufbuild/protocompile"
	_ "github.com/ebitengine/oto/v3"
	_ "github.com/gen2brain/malgo"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/nats-io/nats-server/v2/server"
	_ "github.com/nats-io/nats.go"
	_ "github.com/pion/ice/v4"
	_ "github.com/pion/interceptor"
	_ "github.com/pion/logging"
	_ "github.com/pion/mediadevices/pkg/driver/camera"
	_ "github.com/pion/rtcp"
	_ "github.com/pion/rtp"
	_ "github.com/pion/sdp/v3"
	_ "github.com/pion/transport/v4/vnet"
	_ "github.com/pion/webrtc/v4"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "go.yaml.in/yaml/v3"
	_ "google.golang.org/protobuf/proto"
	_ "gopkg.in/hraban/opus.v2"
	_ "pgregory.net/rapid"
)

func main() {}
