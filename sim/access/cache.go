package access

import "sync"

// kept is how many inflated blocks are kept, of all ports together.
const kept = 256

// cache keeps the blocks that were inflated last; queries of one memory come in the company of others.
type cache struct {
	mu   sync.Mutex
	raw  map[*block][]byte
	ring [kept]*block
	next int
}

func newCache() *cache { return &cache{raw: map[*block][]byte{}} }

// get is a block's runs as bytes.
func (c *cache) get(b *block) []byte {
	c.mu.Lock()
	raw, ok := c.raw[b]
	c.mu.Unlock()
	if ok {
		return raw
	}
	raw = b.inflate()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.raw[b]; !ok {
		delete(c.raw, c.ring[c.next])
		c.ring[c.next], c.raw[b] = b, raw
		c.next = (c.next + 1) % kept
	}
	return raw
}
