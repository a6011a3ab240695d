package verilog

// stripCasts drops $unsigned and $signed around a whole right-hand side: the assignment itself takes the bits as
// they are.
func stripCasts(items []item) {
	for i, it := range items {
		switch it := it.(type) {
		case decl:
			it.value = stripCast(it.value)
			items[i] = it
		case assign:
			it.value = stripCast(it.value)
			items[i] = it
		case loop:
			stripCasts(it.body)
		case branch:
			stripCasts(it.then)
			stripCasts(it.otherwise)
		case clocked:
			stripUpdates(it.body)
		}
	}
}

func stripUpdates(body []stmt) {
	for i, s := range body {
		switch s := s.(type) {
		case update:
			s.value = stripCast(s.value)
			body[i] = s
		case ifStmt:
			stripUpdates(s.then)
			stripUpdates(s.otherwise)
		}
	}
}

func stripCast(e expr) expr {
	if c, ok := e.(cast); ok {
		return c.x
	}
	return e
}
