"""Conan 2, from a clone or an unpacked source tarball: conan create packaging/conan. Rust must be on the machine."""
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rm, rmdir


class Procession(ConanFile):
    name = "procession"
    description = "Structured concurrency for C and C++ daemons: processes, groups, cancellation and errors"
    license = "MIT OR Apache-2.0"
    topics = ("structured-concurrency", "cancellation", "daemon", "threads")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": True}

    @property
    def _sources(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        lines = load(self, os.path.join(self._sources, "Cargo.toml")).splitlines()
        self.version = next(line.split('"')[1] for line in lines if line.startswith("version = "))

    def export_sources(self):
        others = ("build/*", "target/*", ".git/*", "benches/*")
        copy(self, "*", self._sources, self.export_sources_folder, excludes=others)

    def layout(self):
        cmake_layout(self)

    def configure(self):
        # The library is C to whoever uses it.
        self.settings.rm_safe("compiler.cppstd")
        self.settings.rm_safe("compiler.libcxx")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("procession is for Linux")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["PROCESSION_TESTS"] = False
        toolchain.cache_variables["PROCESSION_SIMULATION"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        library = os.path.join(self.package_folder, "lib")
        # Conan writes these anew, for where the package is.
        rmdir(self, os.path.join(library, "cmake"))
        rmdir(self, os.path.join(library, "pkgconfig"))
        rm(self, "libprocession.a" if self.options.shared else "libprocession.so*", library)
        copy(self, "LICENSE-*", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "THIRD-PARTY-NOTICES", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["procession"]
        self.cpp_info.set_property("cmake_target_name", "procession::procession")
        self.cpp_info.set_property("cmake_target_aliases", ["procession::static", "procession::cxx"])
        self.cpp_info.set_property("pkg_config_name", "procession")
        if not self.options.shared:
            self.cpp_info.system_libs = ["util", "rt", "pthread", "m", "dl"]
