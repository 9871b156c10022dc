package bridge

// Check returns what is wrong with a value in the words of a parameter error, "" when nothing is. v is decoded JSON; there
// is false when the caller left it out.
func (p Param) Check(v any, there bool) string { return p.check(v, there) }

// NeedsContext tells whether the method fails without a context.
func (m Method) NeedsContext() bool { return m.needsContext }
