//! An attack corpus: a signed and time-stamped collection, altered by somebody who can do everything but sign and stamp. Digests,
//! index and list of files are made to fit again; what still tells, and at which level, is told by its code. Nothing passes.

mod bed;
mod envelopes;
mod listed;
mod records;

use bed::{Bed, Scene};
use fonds::package::pack;
use std::collections::BTreeSet;

/// One attack, and what must tell it.
struct Attack {
    name: &'static str,
    apply: fn(&Bed<'_>),
    /// A code among the findings; empty where something is only missing.
    code: &'static str,
    /// The level that it breaks, or that is no longer reached.
    level: usize,
}

fn attack(name: &'static str, code: &'static str, level: usize, apply: fn(&Bed<'_>)) -> Attack {
    Attack { name, apply, code, level }
}

fn corpus() -> Vec<Attack> {
    [records::attacks(), listed::attacks(), envelopes::attacks()].into_iter().flatten().collect()
}

#[test]
fn of_every_attack_the_code_and_the_level_are_told() {
    let scene = Scene::new();
    assert_eq!(scene.judge(&scene.own.root, 4), (0, BTreeSet::new(), "pass".to_owned()));
    let attacks = corpus();
    assert!(attacks.len() >= 80, "{}", attacks.len());
    let (mut wrong, mut waczs) = (Vec::new(), 0);
    for attack in &attacks {
        let bed = scene.bed();
        (attack.apply)(&bed);
        wrong.extend(verdict(&scene, attack, &bed.root, "directory"));
        // The same as one file, where it can be packed at all, and making all hashes fit does not undo it.
        bed.reseal();
        let wacz = bed.room("attacked.wacz");
        let undone = bed.read(bed::DATAPACKAGE) == scene.own.read(bed::DATAPACKAGE);
        if !undone && pack(&bed.root, &wacz).is_ok() {
            waczs += 1;
            wrong.extend(verdict(&scene, attack, &wacz, "WACZ"));
        }
    }
    assert!(waczs >= 60, "{waczs}");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
}

fn verdict(scene: &Scene, attack: &Attack, path: &std::path::Path, form: &str) -> Option<String> {
    let (exit, codes, status) = scene.judge(path, attack.level);
    // Hashes that were made to fit no longer tell, but what they are of does.
    let container = ["resource-hash", "datapackage-digest", "datapackage-missing", "package-unlisted-file"];
    let other = form == "WACZ" && container.contains(&attack.code);
    let told = attack.code.is_empty() || codes.contains(attack.code) || other && exit == 1;
    let expected = match attack.code.is_empty() {
        true => exit == 3 && status != "pass",
        false if other => exit == 1,
        false => [1, 3].contains(&exit) && ["fail", "absent"].contains(&status.as_str()),
    };
    let complaint = || {
        format!(
            "{} ({form}): wanted {:?} at level {}; exit {exit}, {status}, {codes:?}",
            attack.name, attack.code, attack.level
        )
    };
    (!told || !expected).then(complaint)
}
