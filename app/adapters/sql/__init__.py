"""The archive in a relational database: SQLite today, in tables that PostgreSQL takes too.

archive.py      SqlMessageArchive, which runs the functions below on the right thread
database.py     threads, connections, transactions, failures in the domain's words
sqlite.py       what only SQLite says so: settings, lists as parameters, result codes
lexical.py      what only FTS5 says so: word indexes, ranking, true erasure
schema.py       the tables; migrations/: how a database comes to have them
rows.py         a message to a row and back
scoping.py      a scope to conditions
storing.py      adding and updating, with merging.py, placing.py, chunking.py, marking.py
erasing.py      removing and forgetting; optouts.py: who does not want to be kept
reading.py      messages; matching.py: by words; surrounding.py: what stands around one;
                naming.py: servers, channels, people
"""

from app.adapters.sql.archive import SqlMessageArchive

__all__ = ["SqlMessageArchive"]
