// On narrow windows, at 200 % zoom say, the navigation is a drawer. Streamlit leaves it open over the page that was
// chosen, knows no Escape there, and loses the focus when it opens.
(() => {
  if (window.graftReach) return
  window.graftReach = true
  const one = (selector) => document.querySelector(selector)
  const soon = (wanted, then, tries = 40) => {
    const found = wanted()
    if (found) then(found)
    else if (tries) setTimeout(() => soon(wanted, then, tries - 1), 50)
  }
  const opener = () => one('[data-testid="stExpandSidebarButton"]')
  const open = () => one('[data-testid="stSidebar"][data-collapsed="false"]')
  const close = () => one('[data-testid="stSidebarCollapseButton"] button')?.click()
  document.addEventListener("click", ({ target }) => {
    if (target.closest('[data-testid="stSidebarNavLink"]')) {
      setTimeout(close) // after Streamlit has taken the click
      soon(() => !open() && one('[data-testid="stMain"]'), (main) => main.focus())
    } else if (target.closest('[data-testid="stExpandSidebarButton"]')) {
      const links = '[data-testid="stSidebarNavLink"]'
      soon(() => open() && (one(`${links}[aria-current]`) ?? one(links)), (link) => link.focus())
    }
  })
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !open() || one('[role="dialog"]')) return
    close()
    soon(() => !open() && opener(), (button) => button.focus())
  })
})()
