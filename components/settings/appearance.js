// Streamlit has no call that sets the theme. It reads this browser's choice when a page is loaded, from a place of each
// page's own, so the choice is written to all of them and the page loaded again.

const CHOICES = [["System", "As the system"], ["Light", "Light"], ["Dark", "Dark"]]
const LOST = "It could not be set from here. The menu at the top right of the page has the same choice."
const home = location.pathname.replace(/[^/]*$/, "")
const kept = (page) => `stActiveTheme-${home}${page}-v2`

function now() {
  try {
    const name = JSON.parse(localStorage.getItem(kept(location.pathname.slice(home.length))))
    return CHOICES.some(([known]) => known === name) ? name : "System"
  } catch {
    return "System"
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".appearance")
  theme(root)
  const chosen = now()
  if (!root.drawn) {
    for (const [name, words] of CHOICES) {
      const label = made("label", {}, root.querySelector("div"))
      made("input", { type: "radio", name: "theme", value: name }, label)
      made("span", {}, label, words)
    }
    root.drawn = true
  }
  for (const input of root.querySelectorAll("input")) input.checked = input.value === chosen
  const say = root.querySelector("p")
  const dark = root.classList.contains("dark")
  say.textContent = chosen !== "System" && (chosen === "Dark") !== dark ? LOST : ""
  root.onchange = ({ target }) => {
    try {
      for (const page of data.pages) localStorage.setItem(kept(page), JSON.stringify(target.value))
      location.reload()
    } catch {
      say.textContent = LOST
    }
  }
}
