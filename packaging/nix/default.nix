# nix-build packaging/nix, in a clone or an unpacked source tarball. The crates are those of Cargo.lock, by their checksums.
{ pkgs ? import <nixpkgs> { } }:

let
  sources = ../..;
  manifest = builtins.fromTOML (builtins.readFile (sources + "/Cargo.toml"));
in
pkgs.stdenv.mkDerivation {
  pname = manifest.package.name;
  version = manifest.package.version;
  src = pkgs.lib.cleanSource sources;

  cargoDeps = pkgs.rustPlatform.importCargoLock { lockFile = sources + "/Cargo.lock"; };
  nativeBuildInputs = [ pkgs.cmake pkgs.cargo pkgs.rustc pkgs.rustPlatform.cargoSetupHook ];
  buildInputs = [ pkgs.python3 ];
  cmakeFlags = [ "-DPROCESSION_TESTS=OFF" ];

  # A homepage, once Cargo.toml has one.
  meta = builtins.intersectAttrs { description = null; homepage = null; } manifest.package // {
    license = [ pkgs.lib.licenses.mit pkgs.lib.licenses.asl20 ];
    platforms = pkgs.lib.platforms.linux;
  };
}
