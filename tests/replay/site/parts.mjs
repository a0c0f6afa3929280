export function line(text) {
    const made = document.createElement("p");
    made.textContent = text;
    return made;
}
