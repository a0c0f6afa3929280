"""python3 check_proof.py FILE: verifies a proof file of fonds with hashes alone (docs/format.md). Signatures are left to other tools."""
import base64, gzip, hashlib, json, re, sys, zipfile

sha = lambda data: hashlib.sha256(data).digest()
proof = zipfile.ZipFile(sys.argv[1])
checkpoint = proof.read("provenance/checkpoint").decode()
size, root = checkpoint.split("\n")[1:3]
records, rest = set(), gzip.decompress(proof.read("archive/records.warc.gz"))
while rest:
    end = rest.index(b"\r\n\r\n") + 4 + int(re.search(rb"\r\nContent-Length: (\d+)\r\n", rest)[1])
    records.add(hashlib.sha256(rest[:end]).hexdigest())
    rest = rest[end + 4 :]
for line in proof.read("provenance/lines.jsonl").split(b"\n")[:-1]:
    entry = json.loads(line)
    at, last, node = entry["seq"], int(size) - 1, sha(b"\0" + line)
    text, carried = proof.read(f"provenance/proof-{at}.tlog-proof").decode().split("\n\n", 1)
    version, index, *hashes = text.split("\n")
    assert (version, index, carried) == ("c2sp.org/tlog-proof@v1", f"index {at}", checkpoint) and at <= last
    for other in map(base64.b64decode, hashes):  # RFC 9162 §2.1.3.2
        is_right = at % 2 == 1 or at == last
        node = sha(b"\1" + other + node) if is_right else sha(b"\1" + node + other)
        while is_right and at % 2 == 0 and at > 0:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    assert last == 0 and base64.b64encode(node).decode() == root, f"{index} is not in the log"
    if entry["type"] == "record":
        records.remove(entry["bytes"]["sha256"])
    print(index, entry["type"], entry.get("warc", entry).get("target_uri", ""))
assert not records, "a record has no line"
print("in the log of", size, "lines with the root", root)
