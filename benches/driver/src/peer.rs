//! Who is measured.

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Peer {
    Procession,
    Tbb,
    OpenMp,
    Rayon,
    Tokio,
    Errgroup,
    GoTrace,
    Jthread,
    Pthread,
    Kernel,
}

impl Peer {
    pub const ALL: [Peer; 10] = [
        Peer::Procession,
        Peer::Tbb,
        Peer::OpenMp,
        Peer::Rayon,
        Peer::Tokio,
        Peer::Errgroup,
        Peer::GoTrace,
        Peer::Jthread,
        Peer::Pthread,
        Peer::Kernel,
    ];

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Peer::Procession => "procession",
            Peer::Tbb => "oneTBB",
            Peer::OpenMp => "OpenMP",
            Peer::Rayon => "rayon",
            Peer::Tokio => "tokio",
            Peer::Errgroup => "errgroup",
            Peer::GoTrace => "Go's runtime/trace",
            Peer::Jthread => "std::jthread",
            Peer::Pthread => "pthread",
            Peer::Kernel => "bare kernel",
        }
    }

    /// Its program.
    pub fn file(self) -> &'static str {
        match self {
            Peer::Tbb => "tbb",
            Peer::OpenMp => "openmp",
            // One program is both.
            Peer::GoTrace => Peer::Errgroup.file(),
            Peer::Jthread => "jthread",
            Peer::Kernel => "kernel",
            other => other.label(),
        }
    }
}
