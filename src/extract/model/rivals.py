#!/usr/bin/env python3
"""What trafilatura and newspaper4k (both from PyPI) make of labelled pages: rivals.py DATA PREDS TOOL SET ...

Writes PREDS/SET/TOOL.jsonl as measure.py reads it. Each is called as its own documentation says, with its defaults but for
comments, which are no part of the text."""
import json, os, sys


def by_trafilatura(page, url):
    import trafilatura
    found = trafilatura.bare_extraction(page, url=url, include_comments=False, with_metadata=True)
    row = found.as_dict() if found else {}
    return dict(text=row.get('text'), title=row.get('title'), authors=row.get('author'), published=row.get('date'))


def by_newspaper4k(page, url):
    import newspaper
    article = newspaper.Article(url or 'http://example.org/')
    article.download(input_html=page.decode('utf-8', 'replace'))
    article.parse()
    return dict(text=article.text, title=article.title, authors=article.authors, published=str(article.publish_date or ''))


def main():
    data, preds, tool, sets = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    run = dict(trafilatura=by_trafilatura, newspaper4k=by_newspaper4k)[tool]
    for name in sets:
        os.makedirs(f'{preds}/{name}', exist_ok=True)
        with open(f'{preds}/{name}/{tool}.jsonl', 'w') as out:
            for t in map(json.loads, open(f'{data}/{name}/truth.jsonl')):
                try:
                    row = run(open(f'{data}/{name}/pages/{t["id"]}.html', 'rb').read(), t.get('url'))
                except Exception as error:
                    row = dict(text='', error=repr(error))
                out.write(json.dumps(dict(id=t['id'], **row)) + '\n')


if __name__ == '__main__':
    main()
