package app

import (
	"log/slog"
	"sync"

	"gezhi/internal/pack"
)

// shippedPacks are the packs that come with the product, read once.
var shippedPacks = sync.OnceValue(func() (out []*pack.Pack) {
	for _, n := range shippedNames() {
		p, err := shipped(n)
		if err != nil {
			slog.Error("packs", "err", err)
			continue
		}
		out = append(out, p)
	}
	return out
})
