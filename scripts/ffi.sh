# shellcheck shell=bash
# Part of x: the gate `ffi` runs the examples in other languages, against the library as it is installed. What they need
# is installed by each language's own client, once, into build/ffi.

missing_ffi_packages() {
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    command -v go >/dev/null || echo golang-go
    command -v javac >/dev/null || echo default-jdk-headless
    command -v mvn >/dev/null || echo maven
    command -v luajit >/dev/null || echo luajit
    command -v ruby >/dev/null || echo ruby
    command -v bindgen >/dev/null || echo bindgen
    # Where Debian has one that is new enough. It may know the package's name without having it.
    [ -n "$(newer_java)" ] || ! apt-cache show openjdk-25-jdk-headless >/dev/null 2>&1 || echo openjdk-25-jdk-headless
}

setup_test_ffi() { need_packages_of missing_ffi_packages; }

ffi_python() {
    python_venv build/ffi/python ffi-examples/python/requirements.txt &&
        bounded build/ffi/python/bin/python ffi-examples/python/callbacks.py &&
        bounded build/ffi/python/bin/python ffi-examples/python/background.py &&
        bounded build/ffi/python/bin/python ffi-examples/python/pending.py &&
        ffi_python_generated &&
        serves busy build/ffi/python/bin/python ffi-examples/python/server.py
}

# What is generated of procession.json needs nothing but Python.
ffi_python_generated() {
    local -x PYTHONPATH=build/ffi
    python3 tools/ctypes_bindings "$(pkg-config --variable=api procession)" >build/ffi/procession_ctypes.py &&
        bounded python3 ffi-examples/python/generated.py
}

# The dump as a program of another language reads it; and procession.json, which has a schema as well.
ffi_dump() {
    local -x PYTHONPATH=ffi-examples/python
    python_venv build/ffi/dump tests/dump/requirements.txt &&
        bounded build/ffi/dump/bin/python tests/dump/schema.py docs/dump.schema.json &&
        bounded bash c-examples/test/reports.sh tree build/release/c-examples/10_hit_counter/hit_counter \
            build/ffi/dump/bin/python tests/dump/valid.py docs/dump.schema.json &&
        bounded build/ffi/dump/bin/python tests/dump/valid.py docs/procession.schema.json <"$(pkg-config --variable=api procession)"
}

ffi_opentelemetry() {
    python_venv build/ffi/opentelemetry ffi-examples/opentelemetry/requirements.txt &&
        bounded build/ffi/opentelemetry/bin/python ffi-examples/opentelemetry/laws.py &&
        bounded build/ffi/opentelemetry/bin/python ffi-examples/opentelemetry/check.py
}

# koffi brings its binary along in a package, and needs no script to fetch or build one.
npm_install() {
    cp ffi-examples/node/package*.json ffi-examples/node/.npmrc build/ffi/node/ &&
        npm ci --prefix build/ffi/node --ignore-scripts --no-audit --no-fund --loglevel=error
}

# Modules are looked for beside the program, so it is copied to where they are.
ffi_node() {
    once ffi-examples/node/package-lock.json build/ffi/node npm_install &&
        cp ffi-examples/node/*.mjs build/ffi/node/ &&
        bounded node build/ffi/node/callbacks.mjs &&
        bounded node build/ffi/node/pending.mjs &&
        serves busy node build/ffi/node/server.mjs
}

# GOTOOLCHAIN: another Go than the one installed would be downloaded otherwise.
ffi_go() {
    local program=$PWD/build/ffi/go
    (cd ffi-examples/go && GOTOOLCHAIN=local go build -o "$program" .) &&
        bounded "$program" callbacks &&
        serves waits "$program" server
}

mvn_install() {
    mvn --batch-mode --quiet --file ffi-examples/java/pom.xml dependency:copy-dependencies \
        -DoutputDirectory="$PWD/build/ffi/java"
}

ffi_java() {
    once ffi-examples/java/pom.xml build/ffi/java mvn_install &&
        javac -cp 'build/ffi/java/*' -d build/ffi/java/classes ffi-examples/java/*.java &&
        bounded java -cp 'build/ffi/java/*:build/ffi/java/classes' Callbacks &&
        serves waits java -cp 'build/ffi/java/*:build/ffi/java/classes' Server
}

# A JDK that has the foreign function interface as it is now, since 22.
newer_java() {
    local home
    for home in /usr/lib/jvm/*/; do
        [ ! -e "$home/release" ] || [ ! -x "$home/bin/javac" ] ||
            [ "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")" -lt 22 ] || echo "$home/bin/java"
    done | head -n 1
}

# It is compiled as it is run.
ffi_java-ffm() {
    local java
    java=$(newer_java)
    if [ -n "$java" ]; then
        bounded "$java" --enable-native-access=ALL-UNNAMED ffi-examples/java-ffm/Five.java
    else
        echo "there is no JDK of 22 or later here, so this was not tried"
    fi
}

# What is declared by hand is what the library has.
ffi_declarations() { python3 ffi-examples/declarations.py "$(pkg-config --variable=api procession)"; }

ffi_ruby() { bounded ruby -w ffi-examples/ruby/five.rb; }

ffi_rust() {
    mkdir -p build/ffi/rust
    bindgen "$(pkg-config --variable=includedir procession)/procession.h" --no-derive-copy --allowlist-function 'proc_.*' -o build/ffi/rust/bindings.rs &&
        PROCESSION_BINDINGS=$PWD/build/ffi/rust/bindings.rs rustc --edition 2021 -D warnings -L "native=$LD_LIBRARY_PATH" -l procession \
            ffi-examples/rust/five.rs -o build/ffi/rust/five &&
        bounded build/ffi/rust/five
}

# Its cache has the compiled standard library.
ffi_zig() {
    local -x ZIG_GLOBAL_CACHE_DIR=$PWD/build/ffi/zig-cache ZIG_LOCAL_CACHE_DIR=$PWD/build/ffi/zig-cache
    python_venv build/ffi/zig ffi-examples/zig/requirements.txt &&
        build/ffi/zig/bin/python -m ziglang build-exe ffi-examples/zig/five.zig -lc -lprocession "-L$LD_LIBRARY_PATH" -femit-bin=build/ffi/zig/five &&
        bounded build/ffi/zig/five
}

ffi_luajit() { bounded luajit ffi-examples/luajit/queue.lua && bounded luajit ffi-examples/luajit/nursery.lua; }

# serves FULL COMMAND…: whether the server of a language does what it should; see ffi-examples/server_check.py.
serves() { bounded python3 ffi-examples/server_check.py "$@"; }

# They take seconds. What waits for ever has failed.
bounded() { timeout 120 "$@"; }

# In a shell of its own: nothing else should find the library there.
each_language() (
    PKG_CONFIG_PATH=$(dirname "$(find "$PWD/build/ffi/procession" -name procession.pc)")
    export PKG_CONFIG_PATH
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir procession)
    export LD_LIBRARY_PATH
    for language in declarations python node go java java-ffm luajit ruby rust zig opentelemetry dump; do
        printf '\n--- %s\n' "$language"
        "ffi_$language" || exit 1
    done
)

install_for_ffi() {
    cmake --preset release && cmake --build --preset release --target procession_shared procession_static procession_sim hit_counter &&
        cmake --install build/release --prefix "$PWD/build/ffi/procession" >/dev/null
}

test_ffi() { alone_in_build install_for_ffi && each_language; }
