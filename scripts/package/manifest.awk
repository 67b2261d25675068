# Cargo.toml without what only the tests in Rust need, for whoever vendors what ships. Comments go with what they stand before.
/^\[/ { dropped = /dev-dependencies|cfg\(loom\)|\.loom\]/ }
/^(#|$)/ { held = held $0 "\n"; next }
!dropped { printf "%s%s\n", held, $0 }
{ held = "" }
