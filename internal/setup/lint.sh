#!/usr/bin/env bash
# Fails where a Go file is not formatted, or go vet or staticcheck has something to say.
set -euo pipefail

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

folders=()
for folder in cmd codegen hw internal ir sim; do
	[[ -d $folder ]] && folders+=("$folder")
done
unformatted=$(gofmt -l "${folders[@]}")
if [[ -n $unformatted ]]; then
	echo "not formatted, run gofmt -w on:" >&2
	echo "$unformatted" >&2
	exit 1
fi
go vet ./...
go vet -tags shared ./...
go run "$staticcheck" -tags shared ./...
