// What is wider than its place: it scrolls sideways, by keys too, and fades at the end where it goes on.

/** Watch a box with `overflow-x: auto`; `name` is what it is called once it scrolls. */
export function scrollsSideways(box, name) {
  box.classList.add("sideways");
  const look = () => {
    const beyond = box.scrollWidth - box.clientWidth;
    box.classList.toggle("before", box.scrollLeft > 1);
    box.classList.toggle("beyond", box.scrollLeft < beyond - 1);
    if (beyond <= 1) return;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
  };
  box.addEventListener("scroll", look);
  new ResizeObserver(look).observe(box); // tells once it is on the page, too
}
