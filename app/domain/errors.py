"""What can go wrong, as the caller sees it.

    IndexerError
    ├── InvalidInput            the request or file is wrong; the text says what and where
    │   └── InvalidSetting      a setting has a value that is not allowed
    ├── NotAllowed              the asker may not do this
    ├── NotFound                a named server, channel, author or file does not exist
    └── Unavailable             a dependency cannot serve now; trying later may help
        ├── ArchiveUnavailable  the database cannot be read or written
        │   ├── ArchiveCorrupt      its file is damaged
        │   └── ArchiveTooNew       a newer program wrote it
        ├── IndexUnavailable    the vector index cannot be read or written
        │   ├── IndexBusy           another process holds the data directory's lock
        │   ├── IndexDamaged        an interruption damaged a server's vectors
        │   └── IndexMismatch       its vectors were made by another embedding model
        ├── EmbedderUnavailable no vectors can be made
        └── ModelUnavailable    the language model cannot answer
            ├── ModelMissing        the server does not have the model
            └── ModelTimeout        it took too long

Adapters translate what their library raises with `raise ... from error`; entry
points turn it into words, once. The text of each error is one sentence fit for a
person, without secrets, and says what to do where something can be done.
"""


class IndexerError(Exception):
    """Anything this program raises on purpose."""


class InvalidInput(IndexerError):
    """The request or file is wrong; the text says what and where."""


class InvalidSetting(InvalidInput):
    """A setting has a value that is not allowed."""


class NotAllowed(IndexerError):
    """The asker may not do this."""


class NotFound(IndexerError):
    """A named server, channel, author or file does not exist, or not in the scope."""


class Unavailable(IndexerError):
    """A dependency cannot serve now; trying later may help."""


class ArchiveUnavailable(Unavailable):
    """The database cannot be read or written."""


class ArchiveCorrupt(ArchiveUnavailable):
    """The database file is damaged; nothing was overwritten."""


class ArchiveTooNew(ArchiveUnavailable):
    """A newer version of the program wrote the database."""


class IndexUnavailable(Unavailable):
    """The vector index cannot be read or written."""


class IndexBusy(IndexUnavailable):
    """Another process holds the lock of the data directory and alone touches the vectors."""


class IndexDamaged(IndexUnavailable):
    """An interruption damaged the vectors of a server; `reindex` mends it."""


class IndexMismatch(IndexUnavailable):
    """The stored vectors were made by another embedding model; `reindex` mends it."""


class EmbedderUnavailable(Unavailable):
    """No vectors can be made."""


class ModelUnavailable(Unavailable):
    """The language model cannot answer."""


class ModelMissing(ModelUnavailable):
    """The model server answers, but does not have the model."""


class ModelTimeout(ModelUnavailable):
    """The model took too long."""
