# Whether the recipe evaluates, without nixpkgs: a stand-in has the names that it takes from there.
let
  pkgs = {
    stdenv.mkDerivation = arguments: arguments;
    rustPlatform = { importCargoLock = { lockFile }: lockFile; cargoSetupHook = "hook"; };
    lib = { cleanSource = path: path; licenses = { mit = "MIT"; asl20 = "Apache-2.0"; }; platforms.linux = [ ]; };
    cmake = "cmake";
    cargo = "cargo";
    rustc = "rustc";
    python3 = "python3";
  };
  recipe = import ./default.nix { inherit pkgs; };
in
builtins.deepSeq (removeAttrs recipe [ "src" ]) "${recipe.pname} ${recipe.version} ${recipe.meta.homepage or ""}"
