#!/usr/bin/env python3
"""The figures of docs/extraction.md: measure.py DATA PREDS [tool ...]

DATA/SET/truth.jsonl has `id`, `text`, and for some sets `with`/`without`, `comments`, `title`, `author`, `date`; PREDS/SET/TOOL.jsonl
has `id`, `text`, and for the metadata `title`, `authors`, `published`, as `extraction_lab predict` and rivals.py write them.
Token F1: multiset of words a page (a Chinese or Japanese character is a word), mean over the pages of a set.
"""
import hashlib, json, os, re, statistics as st, sys, unicodedata
from collections import Counter

TABLE = 'big9 chaos cleaneval dragnet fundus-eval fundus-parsers l3s-gn1 magic-article magic-forum newspaper4k scrapinghub wcxb-dev zh-news'.split()
TOKEN = re.compile(r'\w+', re.U)
WIDE = re.compile(r'([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])')


def words(text):
    return TOKEN.findall(WIDE.sub(r' \1 ', (text or '').lower()))


def f1(truth, got):
    t, g = words(truth), words(got)
    if not t or not g:
        return float(t == g)
    return 2 * sum((Counter(t) & Counter(g)).values()) / (len(t) + len(g))


def grams(text):
    w = words(text)
    return {tuple(w[i:i + 4]) for i in range(len(w) - 3)}


def leak(truth, got):
    """Share of the comments' 4-grams, those that the article has as well left out, in the text."""
    comments = truth.get('comments')
    comments = grams(comments if isinstance(comments, str) else '\n'.join(c if isinstance(c, str) else c.get('text', '') for c in comments or []))
    comments -= grams(truth.get('text'))
    return len(comments & grams(got)) / len(comments) if comments else None


def found(pages, got):
    """Mean F1 of the comments' words over pages that have twenty of them, and the share of the others that get twenty."""
    joined = lambda comments: comments if isinstance(comments, str) else '\n'.join(comments or [])
    right, wrong = [], []
    for t in pages:
        mine = joined(got.get(t['id'], {}).get('comments'))
        if len(words(joined(t.get('comments')))) >= 20:
            right.append(f1(joined(t['comments']), mine))
        else:
            wrong.append(len(words(mine)) >= 20)
    return f'{st.mean(right):.3f} on {len(right)} pages, {sum(wrong)} of {len(wrong)} without have some'


def labelled(data):
    """Comments of 165 pages of the sets that are trained on, labelled by hand (comments.jsonl): their blocks' digests, looked
    up in the rows of the set. A page that is a thread itself has none beside it."""
    labels = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'comments.jsonl')) as file:
        for label in map(json.loads, file):
            if label['kind'] != 'thread':
                labels.setdefault(label['set'], {})[label['id']] = set(label.get('blocks', []))
    for name, pages in labels.items():
        path = f'{data}/{name}/rows.jsonl'
        for row in map(json.loads, open(path)) if os.path.exists(path) else []:
            if row['id'] in pages:
                digest = lambda text: hashlib.sha256(' '.join(words(text)).encode()).hexdigest()[:12]
                yield name, dict(id=row['id'], comments='\n'.join(t for t in row['texts'] if digest(t) in pages[row['id']]))


def chunks(pages, got):
    tp = fp = fn = 0
    for t in pages:
        text = re.sub(r'\s+', ' ', got.get(t['id'], {}).get('text') or '')
        there = lambda chunk: re.sub(r'\s+', ' ', chunk).strip() in text
        tp += sum(map(there, t['with'])); fn += sum(not there(c) for c in t['with']); fp += sum(map(there, t['without']))
    return 2 * tp / max(1, 2 * tp + fp + fn), tp / max(1, tp + fp), tp / max(1, tp + fn)


def plain(text):
    return ''.join(words(unicodedata.normalize('NFKC', text or '')))


def as_list(value):
    return [v for v in (value if isinstance(value, list) else re.split(r'[;,]| and ', value or '')) if v.strip()]


def metadata(pages, got):
    """Title: equal but for marks, or one within the other at most a third longer. Authors: precision and recall of names
    that agree in their last word. Date: the day."""
    title, dates, hit, said, true = [], [], 0, 0, 0
    for t in pages:
        g = got.get(t['id'], {})
        if t.get('title'):
            a, b = plain(t['title']), plain(g.get('title'))
            title.append(a == b or bool(b) and (a in b or b in a) and max(len(a), len(b)) <= 1.34 * min(len(a), len(b)))
        if t.get('author'):
            a, b = ({words(n)[-1] for n in as_list(v) if words(n)} for v in (t['author'], g.get('authors')))
            hit += len(a & b); said += len(b); true += len(a)
        if t.get('date'):
            dates.append(str(t['date'])[:10] == str(g.get('published'))[:10])
    mean = lambda v: st.mean(v) if v else 0
    return f'title {mean(title):.3f} author {hit / max(1, said):.2f}, {hit / max(1, true):.2f} date {mean(dates):.3f}'


def main():
    data, preds, tools = sys.argv[1], sys.argv[2], sys.argv[3:] or ['fonds']
    load = lambda path: {j['id']: j for j in map(json.loads, open(path))} if os.path.exists(path) else {}
    truth = {name: list(load(f'{data}/{name}/truth.jsonl').values()) for name in sorted(os.listdir(data)) if os.path.exists(f'{data}/{name}/truth.jsonl')}
    worst, by_hand = {}, list(labelled(data))
    for tool in tools:
        row, extra, pages_by_hand, got_by_hand = {}, [], [], {}
        for name, pages in truth.items():
            got = load(f'{preds}/{name}/{tool}.jsonl')
            if not got:
                continue
            text = lambda t: got.get(t['id'], {}).get('text')
            scored = [(f1(t['text'], text(t)), t) for t in pages if 'text' in t]
            if scored:
                row[name] = st.mean(s for s, _ in scored)
                worst[name] = sorted((s, t['id'], len(words(t['text'])), len(words(text(t)))) for s, t in scored)
            leaks = [l for l in (leak(t, text(t)) for t in pages if t.get('comments')) if l is not None]
            if leaks:
                extra.append(f'{name}: leak {st.mean(leaks):.3f}; comments {found(pages, got)}')
            if name == 'trafilatura':
                extra.append('trafilatura chunks: F1 {:.3f} P {:.3f} R {:.3f}'.format(*chunks(pages, got)))
            if name in ('newspaper4k', 'fundus-parsers', 'wcxb-dev', 'trafilatura'):
                extra.append(f'{name}: {metadata(pages, got)}')
            if name in ('wcxb-dev',):
                kinds = {}
                for s, t in scored:
                    kinds.setdefault(t['type'], []).append(s)
                extra.append(f'{name} by type: ' + ' '.join(f'{k} {st.mean(v):.3f}' for k, v in sorted(kinds.items())))
        for name, page in by_hand:
            got = load(f'{preds}/{name}/{tool}.jsonl').get(page['id'], {})
            text = {t['id']: t.get('text') for t in truth.get(name, [])}.get(page['id'])
            pages_by_hand.append(dict(page, text=text, id=f"{name}/{page['id']}"))
            got_by_hand[f"{name}/{page['id']}"] = got
        if pages_by_hand:
            leaks = [l for l in (leak(t, got_by_hand[t['id']].get('text')) for t in pages_by_hand) if l is not None]
            extra.append(f'labelled by hand: leak {st.mean(leaks):.3f}; comments {found(pages_by_hand, got_by_hand)}')
        print(f'| {tool} | ' + ' | '.join(f'{row.get(name, 0):.3f}'.lstrip('0') for name in TABLE) + f' | mean {st.mean(row.get(name, 0) for name in TABLE):.4f}')
        print('   others:', {name: round(v, 3) for name, v in row.items() if name not in TABLE})
        print('\n'.join('   ' + line for line in extra))
    json.dump(worst, open(f'{preds}/worst.json', 'w'))


if __name__ == '__main__':
    main()
