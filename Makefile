# rampart: what can be made. Everything runs without questions and stops at the first failure.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build lint test bench demo synth fuzz clean

# The packages whose tests run under the race detector: those with goroutines of their own that are quick
# enough. The rest run without it, for it makes arithmetic ten times slower.
RACE := ./internal/atomicfile ./internal/driver/... ./internal/journal ./ir/graph ./ir/fixed ./sim ./sim/drive ./sim/fault/result ./sim/worker

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the tools that the tests need (Debian packages); nothing where all are there
	@bash internal/setup/tools.sh

build: ## Build bin/rampart; needs nothing but Go
	go build -trimpath -o bin/rampart ./cmd/rampart

lint: ## Check formatting, go vet, staticcheck
	bash internal/setup/lint.sh

test: setup lint ## Check and test everything
	race=$$(go list $(RACE)); all=$$(go list ./...); \
	go test -race -timeout 10m $$race; \
	go test -timeout 10m $$(comm -23 <(sort <<<"$$all") <(sort <<<"$$race"))

bench: ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## Fuzz every target, a minute each (FUZZTIME=seconds)
	bash internal/setup/fuzz.sh

# The embedded road scenes: compile, simulate, check that the engines agree, flip bits.
MODELS := testdata/models
DEMO := out/demo
demo: build ## Compile, simulate, verify and inject on the embedded network, into out/demo
	bash internal/setup/tools.sh gcc g++ make ccache verilator
	bin/rampart compile $(MODELS)/scenes_unet_xs.onnx --calib $(MODELS)/scenes_calib.images.npy --multipliers 128 -o $(DEMO)/build
	bin/rampart simulate $(DEMO)/build --engine go --images $(MODELS)/scenes_test.images.npy \
		--labels $(MODELS)/scenes_test.labels.npy -o $(DEMO)/masks
	bin/rampart verify $(DEMO)/build --flips 8
	bin/rampart inject $(DEMO)/build --images $(MODELS)/scenes_test.images.npy \
		--labels $(MODELS)/scenes_test.labels.npy --faults testdata/readme/faults.txt --random 8 -o $(DEMO)/faults
	@echo
	@echo "$(DEMO)/masks/overlay/*.png    images and their masks"
	@echo "$(DEMO)/faults/pictures/*.png  masks before and after the worst flips; 00.png is the worst"
	@echo "$(DEMO)/faults/faults.txt      every flip and what it did"
	@echo "$(DEMO)/build/verilog          the accelerator; memory_map.json beside it says what its memories hold"

# Counts of one folding; of a build of your own: go run ./internal/synth BUILD OUT
synth: build ## Count DSP blocks, RAMs, LUTs and FFs that yosys makes of the embedded network, into out/synth
	bash internal/setup/tools.sh yosys
	bin/rampart compile $(MODELS)/scenes_unet_xs.onnx --calib $(MODELS)/scenes_calib.images.npy --multipliers 64 -o out/synth/build
	go run ./internal/synth out/synth/build out/synth

clean: ## Remove what was built
	rm -rf bin out
