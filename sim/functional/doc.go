// Package functional runs integer networks fast and exactly. In: a fixed.Net, images, patches (changes to
// weights, constants or activations). Out: the activations that fixed.Eval would give, and for a patched
// frame what differs from the golden one, found by following the difference alone. It knows no memories, no
// cycles and no campaigns: see sim/fault for what a fault means here.
package functional
