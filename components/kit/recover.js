// A part of a page that draws itself by a timer may be drawn once more after another page was opened, on a busy machine.
// Streamlit's front end then fails ("Bad delta path index", "Cannot set a node at a delta path") and the page stays
// broken. What it shows stands in the address and the workspace, so loading it anew brings it back; once in 10 s.
(() => {
  if (window.graftRecover) return
  window.graftRecover = true
  const key = "graft-recovered", pause = 10_000
  window.addEventListener("error", ({ message }) => {
    if (!/delta path/i.test(message ?? "") || Date.now() - (sessionStorage.getItem(key) ?? 0) < pause) return
    sessionStorage.setItem(key, Date.now())
    location.reload()
  })
})()
