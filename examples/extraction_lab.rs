//! The extractor held against labelled pages, and the rows that its model is trained on.
//!
//! ```text
//! extraction_lab rows DATA                  rows.jsonl and rows.f32 of each set
//! extraction_lab second DATA                second.f32 of each set, from its scores.f32
//! extraction_lab predict DATA PREDS MODELS  PREDS/SET/fonds.jsonl by MODELS/all.bin, or by the fold's model
//! extraction_lab time PAGES                 CPU time of the parser alone and of all of the extraction
//! ```
//!
//! DATA holds a folder a set, with `truth.jsonl` (`id`, `url`, `text`) and `pages/ID.html`. A page's fold is that of its
//! site; MODELS/folds.json names the fold of every site that is trained on, and MODELS/N.bin has not seen fold N.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use fonds::extract::{Model, Options, Page, TrainingRows, extract_with, training_rows};
use serde_json::{Value, json};

/// First scores a block: one a fold that is left out.
const FOLDS: usize = 5;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["rows", data] => each_set(data.as_ref(), rows),
        ["second", data] => each_set(data.as_ref(), second),
        ["predict", data, preds, models] => {
            let models = Models::read(models.as_ref())?;
            each_set(data.as_ref(), |set| predict(set, preds.as_ref(), &models))
        }
        ["time", pages] => time(pages.as_ref()),
        _ => bail!("rows DATA | second DATA | predict DATA PREDS MODELS | time PAGES"),
    }
}

fn each_set(data: &Path, act: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let mut sets: Vec<PathBuf> =
        std::fs::read_dir(data)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    sets.retain(|set| set.join("truth.jsonl").exists());
    sets.sort();
    sets.iter().try_for_each(|set| act(set).with_context(|| set.display().to_string()))
}

/// What is done with each page of a set, by two threads, in the set's order.
fn each_page<T: Send>(set: &Path, act: impl Fn(usize, &str, &[u8]) -> T + Sync) -> Result<Vec<(String, T)>> {
    let truth = std::fs::read_to_string(set.join("truth.jsonl"))?;
    let ids: Vec<String> = truth
        .lines()
        .map(|line| Ok(serde_json::from_str::<Value>(line)?["id"].as_str().context("id")?.to_owned()))
        .collect::<Result<_>>()?;
    let (next, out) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(id) = ids.get(at) else { return };
                    let bytes =
                        std::fs::read(set.join("pages").join(format!("{id}.html"))).unwrap_or_default();
                    let made = act(at, id, &bytes);
                    out.lock().unwrap_or_else(|broken| broken.into_inner()).push((at, made));
                }
            });
        }
    });
    let mut out = out.into_inner().unwrap_or_else(|broken| broken.into_inner());
    out.sort_by_key(|(at, _)| *at);
    Ok(ids.into_iter().zip(out.into_iter().map(|(_, made)| made)).collect())
}

/// Pages are read without their address, as files are.
fn page(bytes: &[u8]) -> Page<'_> {
    Page { bytes, content_type: Some("text/html"), url: None }
}

fn rows(set: &Path) -> Result<()> {
    let pages = each_page(set, |_, _, bytes| training_rows(&page(bytes), &Options::default(), &[]))?;
    let mut texts = std::io::BufWriter::new(std::fs::File::create(set.join("rows.jsonl"))?);
    let mut numbers = std::io::BufWriter::new(std::fs::File::create(set.join("rows.f32"))?);
    let width = pages.iter().find_map(|(_, rows)| rows.first.first()).map_or(0, Vec::len);
    for (id, rows) in &pages {
        let line = json!({"id": id, "texts": rows.texts, "address": rows.address, "width": width});
        writeln!(texts, "{line}")?;
        write(&mut numbers, &rows.first)?;
    }
    println!("{} {} pages, rows of {width}", set.display(), pages.len());
    Ok(())
}

fn write(out: &mut impl Write, rows: &[Vec<f32>]) -> Result<()> {
    rows.iter().flatten().try_for_each(|number| Ok(out.write_all(&number.to_le_bytes())?))
}

fn second(set: &Path) -> Result<()> {
    let Ok(bytes) = std::fs::read(set.join("scores.f32")) else { return Ok(()) };
    let scores: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    let counts: Vec<usize> = std::fs::read_to_string(set.join("rows.jsonl"))?
        .lines()
        .map(|line| Ok(serde_json::from_str::<Value>(line)?["texts"].as_array().context("texts")?.len()))
        .collect::<Result<_>>()?;
    let mut starts = vec![0];
    counts.iter().for_each(|count| starts.push(starts[starts.len() - 1] + count));
    let pages: Vec<(String, TrainingRows)> = each_page(set, |at, _, bytes| {
        let own = &scores[starts[at] * FOLDS..starts[at + 1] * FOLDS];
        let odds: Vec<Vec<f32>> =
            (0..FOLDS).map(|fold| own.iter().skip(fold).step_by(FOLDS).copied().collect()).collect();
        training_rows(&page(bytes), &Options::default(), &odds)
    })?;
    for fold in 0..FOLDS {
        let mut out = std::io::BufWriter::new(std::fs::File::create(set.join(format!("second{fold}.f32")))?);
        let width = pages.iter().find_map(|(_, rows)| rows.first.first()).map_or(0, Vec::len);
        for (_, rows) in &pages {
            // What the first rows have as well is not written twice.
            rows.second[fold]
                .iter()
                .flat_map(|row| &row[width..])
                .try_for_each(|number| out.write_all(&number.to_le_bytes()))?;
        }
    }
    Ok(())
}

/// The weights of all, and those that have not seen a fold.
struct Models {
    all: Model,
    folds: Vec<Model>,
    /// Page (`set/id`) → fold.
    pages: HashMap<String, usize>,
}

impl Models {
    fn read(folder: &Path) -> Result<Self> {
        let one = |name: String| -> Result<Model> {
            let bytes = std::fs::read(folder.join(&name)).with_context(|| name.clone())?;
            Model::read(&bytes).with_context(|| format!("{name}: weights for other rows"))
        };
        let pages: HashMap<String, usize> =
            serde_json::from_slice(&std::fs::read(folder.join("folds.json"))?)?;
        let folds = (0..FOLDS).map(|fold| one(format!("{fold}.bin"))).collect::<Result<_>>()?;
        Ok(Self { all: one("all.bin".into())?, folds, pages })
    }

    fn of(&self, set: &str, id: &str) -> &Model {
        let fold = self.pages.get(&format!("{set}/{id}"));
        fold.and_then(|fold| self.folds.get(*fold)).unwrap_or(&self.all)
    }
}

fn predict(set: &Path, preds: &Path, models: &Models) -> Result<()> {
    let name = set.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lines = each_page(set, |_, id, bytes| {
        let article = extract_with(&page(bytes), &Options::default(), models.of(&name, id));
        let value = |found: &Option<fonds::extract::Found>| found.as_ref().map(|found| found.value.clone());
        json!({
            "id": id, "text": article.text(), "title": value(&article.title), "published": value(&article.published),
            "authors": article.authors.iter().map(|found| &found.value).collect::<Vec<_>>(),
            "page_type": article.page_type.as_str(), "quality": article.quality, "error": article.error,
            "comments": article.comments.iter().map(|comment| &comment.text).collect::<Vec<_>>(),
        })
    })?;
    std::fs::create_dir_all(preds.join(&name))?;
    let mut out = std::io::BufWriter::new(std::fs::File::create(preds.join(&name).join("fonds.jsonl"))?);
    lines.iter().try_for_each(|(_, line)| Ok(writeln!(out, "{line}")?))
}

/// Seconds that this thread was on a processor.
fn cpu() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<f64>()? / 1e9)
}

/// One thread, each of the two three times by turns, the fastest counts.
fn time(pages: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(pages)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let bodies: Vec<Vec<u8>> =
        files.iter().take(300).map(|file| Ok(std::fs::read(file)?)).collect::<Result<_>>()?;
    let texts: Vec<String> = bodies.iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect();
    let (mut parse, mut all) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        let start = cpu()?;
        let nodes: usize =
            texts.iter().map(|text| scraper::Html::parse_document(text).tree.values().len()).sum();
        parse = parse.min(cpu()? - start);
        let start = cpu()?;
        let blocks: usize = bodies
            .iter()
            .map(|body| fonds::extract::extract(&page(body), &Options::default()).body.len())
            .sum();
        all = all.min(cpu()? - start);
        assert!(nodes > blocks);
    }
    let count = bodies.len() as f64;
    println!(
        "{count} pages: parser {:.1} pages/s, extraction {:.1} pages/s, {:.2} times the parser",
        count / parse,
        count / all,
        all / parse
    );
    Ok(())
}
