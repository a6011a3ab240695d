package rtl

// Reserved tells why a name may not be used (a keyword of an output language, the clock), or "".
func Reserved(name string) string { return reserved[name] }
