package room

// ValidID tells whether a room or user id is well formed: 1..128 characters of a-z A-Z 0-9 @ . _ -
// (N-54).
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '@', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
