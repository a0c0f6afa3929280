#!/usr/bin/env python3
"""Train the block model: first.bin beside this file.

    FONDS_TRAINING_DATA=DATA cargo test --release --lib extract::tests::write_training_rows -- --ignored
    python3 src/extract/model/train.py DATA          (needs numpy and lightgbm)

DATA holds one folder a data set with pages/ID.html, truth.jsonl (id, url, text) and the rows that the first command
writes. Only sets whose licence allows it are trained on (TRAIN); the rest of DATA is measured. The seed is fixed, the
labels are made here from the truth, and the digest of what was read is printed: it belongs into the commit message.
"""
import hashlib, json, os, re, statistics as st, struct, sys
from collections import Counter
from urllib.parse import urlparse
import lightgbm as lgb
import numpy as np

TRAIN = ['fundus-eval', 'fundus-parsers', 'magic-article', 'magic-forum', 'newspaper4k', 'scrapinghub', 'wcxb-dev', 'zh-news']
TREES = 150
PARAMETERS = dict(objective='binary', num_leaves=24, learning_rate=.08, min_data_in_leaf=60, feature_fraction=.5,
                  bagging_fraction=.8, bagging_freq=1, max_bin=63, verbose=-1, seed=7, num_threads=2,
                  deterministic=True, force_row_wise=True)
TOKEN = re.compile(r'\w+', re.U)
WIDE = re.compile(r'([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])')


def words(text):
    return TOKEN.findall(WIDE.sub(r' \1 ', (text or '').lower()))


def labels(blocks, truth):
    """1 where a block's words stand in the truth, 0 where not, -1 without words: long blocks by their 4-grams, short
    ones only between their long neighbours."""
    places = {}
    for i in range(len(truth) - 3):
        places.setdefault(tuple(truth[i:i + 4]), []).append(i)
    label, span, last = [None] * len(blocks), [None] * len(blocks), 0
    for b, block in enumerate(blocks):
        if len(block) < 6:
            continue
        hits = [places[g] for g in (tuple(block[i:i + 4]) for i in range(len(block) - 3)) if g in places]
        label[b] = int(len(hits) >= .5 * (len(block) - 3))
        if label[b]:
            start = min(hits[0], key=lambda at: abs(at - last))
            last = start + len(block)
            span[b] = (start, last)
    after = [len(truth)] * (len(blocks) + 1)
    for b in range(len(blocks) - 1, -1, -1):
        after[b] = span[b][0] if span[b] else after[b + 1]
    before, anchored = 0, any(span)
    for b, block in enumerate(blocks):
        if span[b]:
            before = span[b][1]
        if label[b] is not None:
            continue
        if not block:
            label[b] = -1
            continue
        low, high = (max(0, before - 3), after[b + 1] + 3) if anchored else (0, len(truth))
        if anchored and high - low > 400 and len(block) < 3:
            high = low + 400
        region, n, label[b] = truth[low:high], len(block), 0
        for i in range(len(region) - n + 1):
            if region[i:i + n] == block:
                label[b], before = 1, low + i + n
                break
    return label


def load(data, name, digest):
    folder, pages, at = f'{data}/{name}', [], 0
    for file in ('truth.jsonl', 'rows.jsonl', 'rows.f32'):
        digest.update(open(f'{folder}/{file}', 'rb').read())
    truth = {t['id']: t for t in map(json.loads, open(f'{folder}/truth.jsonl')) if t.get('text')}
    lines = [json.loads(line) for line in open(f'{folder}/rows.jsonl')]
    rows = np.fromfile(f'{folder}/rows.f32', dtype='<f4').reshape(sum(len(l['texts']) for l in lines), -1)
    for line in lines:
        n = len(line['texts'])
        x, at = rows[at:at + n], at + n
        if line['id'] not in truth or not n:
            continue
        t = truth[line['id']]
        host = '.'.join((urlparse(t.get('url') or '').hostname or line['id']).split('.')[-2:])
        pages.append(dict(set=name, x=x, blocks=[words(b) for b in line['texts']], truth=words(t['text']),
                          fold=hashlib.md5(host.encode()).digest()[0] % 5))
    return pages


def matrix(pages):
    """Rows, labels and weights: a page counts by its truth, a block by its words; the one big set counts half."""
    weights = []
    for page in pages:
        n = np.array([len(block) for block in page['blocks']], float)
        whole = min(1, len(page['truth']) / 60 + .2) * (.5 if page['set'] == 'wcxb-dev' else 1.)
        weights.append((np.sqrt(n) + .3 * n) / max(n.sum(), 50) * whole)
    x, w = np.concatenate([p['x'] for p in pages]), np.concatenate(weights)
    y = np.concatenate([np.array(p['label']) for p in pages])
    known = y >= 0
    return x[known], y[known], w[known] / w[known].mean()


def fit(pages):
    x, y, w = matrix(pages)
    return lgb.train(PARAMETERS, lgb.Dataset(x, label=y, weight=w), TREES)


def f1(truth, got):
    if not truth or not got:
        return float(truth == got)
    return 2 * sum((Counter(truth) & Counter(got)).values()) / (len(truth) + len(got))


def measure(title, pages, odds):
    by = {}
    for page in pages:
        got = [word for block, odd in zip(page['blocks'], odds(page)) if odd > 0 for word in block]
        by.setdefault(page['set'], []).append(f1(page['truth'], got))
    print(title, {name: round(st.mean(values), 3) for name, values in by.items()}, flush=True)


def export(model, path, width):
    """The format that model/mod.rs reads."""
    trees = model.dump_model()['tree_info']
    out = [b'FBM1' + struct.pack('<HH', width, len(trees))]
    for tree in trees:
        splits, leaves = [], []

        def walk(node):
            if 'leaf_value' in node:
                leaves.append(node['leaf_value'])
                return -len(leaves)
            at = len(splits)
            splits.append(None)
            threshold = np.float32(node['threshold'])
            if float(threshold) > node['threshold']:  # a value equal to the threshold goes left: never round it up
                threshold = np.nextafter(threshold, np.float32(-np.inf))
            left, right = walk(node['left_child']), walk(node['right_child'])
            splits[at] = (node['split_feature'], float(threshold), left, right)
            return at
        walk(tree['tree_structure'])
        out.append(struct.pack('<H', len(splits)) + b''.join(struct.pack('<Bfhh', *s) for s in splits)
                   + b''.join(struct.pack('<f', v) for v in leaves))
    open(path, 'wb').write(b''.join(out))


def main():
    data, digest = sys.argv[1], hashlib.sha256()
    pages = [page for name in TRAIN for page in load(data, name, digest)]
    for page in pages:
        page['label'] = labels(page['blocks'], page['truth'])
    measure('ceiling', pages, lambda page: [2 * label - 1 for label in page['label']])
    for fold in range(5):
        model = fit([page for page in pages if page['fold'] != fold])
        for page in pages:
            if page['fold'] == fold:
                page['odds'] = model.predict(page['x'], raw_score=True)
    measure('sites not seen', pages, lambda page: page['odds'])
    model = fit(pages)
    others = sorted(name for name in os.listdir(data) if name not in TRAIN and os.path.exists(f'{data}/{name}/rows.jsonl'))
    for name in others:
        measure('set not seen', load(data, name, hashlib.sha256()), lambda page: model.predict(page['x'], raw_score=True))
    export(model, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'first.bin'), pages[0]['x'].shape[1])
    print('data sha256', digest.hexdigest())


if __name__ == '__main__':
    main()
