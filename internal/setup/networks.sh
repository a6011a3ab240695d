#!/usr/bin/env bash
# Compiles whole networks at several foldings and proves that all engines agree on them, bit flips
# included. Usage: networks.sh MODELS [NETWORK:MULTIPLIERS:FLIPS:HORIZON ...]; multipliers 0 is the least
# folding, horizon 0 follows each flip to the end. MODELS is a folder of ONNX files and images.
set -euo pipefail
models=$1
shift
runs=("$@")
if ((${#runs[@]} == 0)); then
	runs=(scenes_unet_xs:512:200:0 scenes_unet_xs:0:0:0 scenes_unet_t:512:60:20000 camvid_unet_s:512:40:10000)
fi
rampart=$PWD/bin/rampart
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for run in "${runs[@]}"; do
	IFS=: read -r net multipliers flips horizon <<<"$run"
	set=${net%%_unet*}
	target=()
	((multipliers == 0)) || target=(--multipliers "$multipliers")
	echo "== $net, ${target[*]:-least folding}"
	"$rampart" compile "$models/$net.onnx" --calib "$models/${set}_calib.images.npy" "${target[@]}" -o "$dir/build" >"$dir/report"
	sed -n 1,2p "$dir/report"
	verilator --lint-only -Wall --top-module "$net" "$dir"/build/verilog/*.v
	"$rampart" verify "$dir/build" --flips "$flips" --horizon "$horizon" --seed 1
	rm -rf "$dir/build"
done
