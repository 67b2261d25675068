"""A program on the package, run where it can be: for another machine, by what -c:h user.procession:emulator="COMMAND…" names."""
import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class TestProcession(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps", "CMakeToolchain"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        emulator = self.conf.get("user.procession:emulator", default="")
        if emulator or can_run(self):
            program = os.path.join(self.cpp.build.bindir, "program")
            self.run(f"{emulator} {program}", env="conanrun")
