async function make() {
    const made = document.getElementById("made");
    const list = await (await fetch("list?sort=desc&page=2")).json();
    for (const { name, count } of list) {
        const line = document.createElement("p");
        line.textContent = `${name}: ${count}`;
        made.append(line);
    }
    const image = new Image();
    image.src = "img/made.png";
    image.alt = "made";
    made.append(image, ` at ${location.pathname} of ${document.domain}`);
    await image.decode();
    document.documentElement.dataset.done = "yes";
}

make();
