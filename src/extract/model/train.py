#!/usr/bin/env python3
"""Train the block model: blocks.bin beside this file.

    cargo build --release --example extraction_lab
    python3 src/extract/model/train.py DATA MODELS        (needs numpy and lightgbm; --quick leaves nesting out)
    target/release/examples/extraction_lab predict DATA PREDS MODELS

DATA holds one folder a data set with pages/ID.html and truth.jsonl (id, url, text). Only sets whose licence allows it
are trained on (TRAIN); the rest of DATA is measured. MODELS gets all.bin, which is blocks.bin, and 0.bin to 4.bin, each of
which has not seen one fifth of the sites, with folds.json that says which page is in which fifth. The second stage is
trained on first scores of models that have not seen the page; the first scores of a fold's second stage come from models
that have seen neither the page nor the fold. The seed is fixed, the labels are made here from the truth, and the digest
of what was read is printed: it stands in docs/extraction.md.
"""
import argparse, hashlib, json, multiprocessing, os, re, statistics as st, struct, subprocess, time
from collections import Counter
from urllib.parse import urlparse
import lightgbm as lgb
import numpy as np

TRAIN = ['fundus-eval', 'fundus-parsers', 'magic-article', 'magic-forum', 'newspaper4k', 'scrapinghub', 'wcxb-dev', 'zh-news']
FOLDS = 5
FIRST, SECOND = 150, 220
PARAMETERS = dict(objective='binary', num_leaves=24, max_depth=7, learning_rate=.08, min_data_in_leaf=60, feature_fraction=.3,
                  bagging_fraction=.6, bagging_freq=1, max_bin=63, lambda_l2=1., verbose=-1, seed=7, num_threads=2,
                  deterministic=True, force_col_wise=True)
TOKEN = re.compile(r'\w+', re.U)
WIDE = re.compile(r'([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])')
HERE = os.path.dirname(os.path.abspath(__file__))
started = time.time()


def say(*words):
    print(f'{time.time() - started:6.0f} s', *words, flush=True)


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


def site(host):
    """A host without its last names: what belongs together is never parted by this, some more may be joined."""
    names = host.lower().split('.')
    short = len(names) > 2 and len(names[-2]) <= 3 and len(names[-1]) <= 3
    return '.'.join(names[-3:] if short else names[-2:])


def load(data, name, digest):
    folder, pages, at = f'{data}/{name}', [], 0
    for file in ('truth.jsonl', 'rows.jsonl', 'rows.f32'):
        with open(f'{folder}/{file}', 'rb') as bytes_:
            while chunk := bytes_.read(1 << 22):
                digest.update(chunk)
    truth = {t['id']: t for t in map(json.loads, open(f'{folder}/truth.jsonl'))}
    lines = [json.loads(line) for line in open(f'{folder}/rows.jsonl')]
    total = sum(len(l['texts']) for l in lines)
    rows = np.memmap(f'{folder}/rows.f32', dtype='<f4', mode='r').reshape(total, -1)
    for line in lines:
        n, t = len(line['texts']), truth[line['id']]
        host = urlparse(t.get('url') or line['address'] or '').hostname or re.split(r'_\d', line['id'])[0]
        fold = hashlib.md5(site(host).encode()).digest()[0] % FOLDS
        pages.append(dict(set=name, id=line['id'], fold=fold, site=site(host), at=slice(at, at + n), n=n, t=t, rows=rows,
                          texts=line['texts']))
        at += n
    return pages


def weigh(page):
    """A page counts by its truth, a block by its words; the one big set counts half."""
    n = np.array([len(block) for block in page['blocks']], float)
    whole = min(1, len(page['truth']) / 60 + .2) * (.5 if page['set'] == 'wcxb-dev' else 1.)
    return (np.sqrt(n) + .3 * n) / max(n.sum(), 50) * whole


class Data:
    """All rows that are trained on, in one matrix; a page knows where its own stand."""

    def __init__(self, pages):
        self.pages, at = pages, 0
        for page in pages:
            page['in'] = slice(at, at + page['n'])
            at += page['n']
        self.first = np.concatenate([page['rows'][page['at']] for page in pages])
        self.y = np.concatenate([np.array(page['label'], int) for page in pages])
        self.w = np.concatenate([weigh(page) for page in pages])
        self.fold = np.concatenate([np.full(page['n'], page['fold']) for page in pages])
        # Most blocks are short boilerplate of a few big pages: a sample of them, each counting for more, says as much.
        short = np.concatenate([np.array([len(block) < 9 for block in page['blocks']], bool) for page in pages])
        keep = np.where(self.y == 1, .8, np.where(short, .25, .6))
        self.use = (np.random.default_rng(7).random(len(keep)) < keep) & (self.y >= 0)
        self.w /= keep

    def fit(self, x, trees, left_out=()):
        use = self.use & ~np.isin(self.fold, list(left_out))
        w = self.w[use]
        return lgb.train(PARAMETERS, lgb.Dataset(x[use], label=self.y[use], weight=w / w.mean()), trees)


def odds(model, x):
    return model.predict(x, raw_score=True).astype('<f4')


def first_scores(data, quick):
    """For each row and each fold: the score of a model that has seen neither the row's fold nor that one."""
    scores = np.zeros((len(data.y), FOLDS), '<f4')
    single = [data.fit(data.first, FIRST, [fold]) for fold in range(FOLDS)]
    say('first stage, five models')
    for fold in range(FOLDS):
        rows = data.fold == fold
        scores[rows] = odds(single[fold], data.first[rows])[:, None]
    if not quick:
        for a in range(FOLDS):
            for b in range(a):
                model = data.fit(data.first, FIRST, [a, b])
                for own, other in ((a, b), (b, a)):
                    rows = data.fold == own
                    scores[rows, other] = odds(model, data.first[rows])
        say('first stage, ten models for the nested folds')
    return single, scores


def f1(truth, got):
    if not truth or not got:
        return float(truth == got)
    return 2 * sum((Counter(truth) & Counter(got)).values()) / (len(truth) + len(got))


def measure(title, pages, scores):
    by = {}
    for page in pages:
        if page['truth']:
            got = [word for block, odd in zip(page['blocks'], scores(page)) if odd > 0 for word in block]
            by.setdefault(page['set'], []).append(f1(page['truth'], got))
    say(title, {name: round(st.mean(values), 3) for name, values in by.items()})


def ensemble(model, width):
    """The form that model/mod.rs reads."""
    trees = model.dump_model()['tree_info']
    out = [struct.pack('<HH', width, len(trees))]
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
        out.append(struct.pack('<B', len(splits)) + b''.join(struct.pack('<Hfbb', *s) for s in splits)
                   + b''.join(struct.pack('<f', v) for v in leaves))
    return b''.join(out)


def write(path, first, second, widths):
    with open(path, 'wb') as file:
        file.write(b'FBM2' + ensemble(first, widths[0]) + ensemble(second, widths[1]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('data')
    parser.add_argument('models')
    parser.add_argument('--lab', default=f'{HERE}/../../../target/release/examples/extraction_lab')
    parser.add_argument('--quick', action='store_true', help='no nested folds: the five models know each other a little')
    parser.add_argument('--only', action='store_true', help='all.bin alone, without the five models of the folds')
    a = parser.parse_args()
    subprocess.run([a.lab, 'rows', a.data], check=True, stdout=subprocess.DEVNULL)
    digest = hashlib.sha256()
    pages = [page for name in TRAIN for page in load(a.data, name, digest)]
    say('rows read; data sha256', digest.hexdigest())
    folds = {f"{p['set']}/{p['id']}": p['fold'] for p in pages}
    sites = {p['site']: p['fold'] for p in pages}
    for name in sorted(os.listdir(a.data)):
        if name not in TRAIN and os.path.exists(f'{a.data}/{name}/rows.jsonl'):
            folds.update({f"{name}/{p['id']}": p['fold'] for p in load(a.data, name, hashlib.sha256()) if p['site'] in sites})
    os.makedirs(a.models, exist_ok=True)
    json.dump(folds, open(f'{a.models}/folds.json', 'w'))
    for page in pages:
        page['blocks'], page['truth'] = [words(text) for text in page.pop('texts')], words(page['t'].get('text'))
    all_pages, pages = pages, [page for page in pages if page['truth'] and page['n']]
    with multiprocessing.Pool(2) as pool:
        made = pool.starmap(labels, ((page['blocks'], page['truth']) for page in pages), 20)
    for page, label in zip(pages, made):
        page['label'] = label
    measure('ceiling', pages, lambda page: [2 * label - 1 for label in page['label']])
    data = Data(pages)
    say(len(data.y), 'blocks,', int(data.use.sum()), 'trained on,', int((data.y == 1).sum()), 'of articles')
    single, scores = first_scores(data, a.quick or a.only)
    measure('first stage, sites not seen', pages, lambda page: scores[page['in'], page['fold']])
    for name in TRAIN:
        rows = [scores[p['in']] if 'in' in p else np.zeros((p['n'], FOLDS), '<f4') for p in all_pages if p['set'] == name]
        np.concatenate(rows).tofile(f'{a.data}/{name}/scores.f32')
    subprocess.run([a.lab, 'second', a.data], check=True)

    def second(fold):
        """The second rows with the first scores for a fold."""
        parts = []
        for name in TRAIN:
            rows = sum(p['n'] for p in all_pages if p['set'] == name)
            own = np.fromfile(f'{a.data}/{name}/second{fold}.f32', '<f4').reshape(rows, -1)
            parts.append(np.concatenate([own[p['at']] for p in pages if p['set'] == name]))
        return np.concatenate([data.first, np.concatenate(parts)], 1)
    # Each row with the score of the model that has not seen its fold.
    x = second(0)
    quick = a.quick or a.only  # then a row has the same first scores for all folds
    for fold in range(1, 1 if quick else FOLDS):
        rows = data.fold == fold
        x[rows] = second(fold)[rows]
    write(f'{a.models}/all.bin', data.fit(data.first, FIRST), data.fit(x, SECOND), (data.first.shape[1], x.shape[1]))
    say('written', f'{a.models}/all.bin', os.path.getsize(f'{a.models}/all.bin'), 'bytes')
    if a.only:
        return
    out = np.zeros(len(data.y))
    for fold in range(FOLDS):
        x, rows = x if quick else second(fold), data.fold == fold
        model = data.fit(x, SECOND, [fold])
        out[rows] = odds(model, x[rows])
        write(f'{a.models}/{fold}.bin', single[fold], model, (data.first.shape[1], x.shape[1]))
    measure('second stage, sites not seen', pages, lambda page: out[page['in']])


if __name__ == '__main__':
    main()
