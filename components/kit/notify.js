// A check box for the browser's notifications; the browser is asked when it is ticked, never before.

export default function ({ parentElement }) {
  const root = parentElement.querySelector(".notify")
  const draw = () => {
    const could = "Notification" in window && window.isSecureContext
    if (!could) return root.replaceChildren("This browser cannot tell you when a run ends, at this address.")
    if (Notification.permission === "denied")
      return root.replaceChildren("The browser's settings forbid this address to tell you when a run ends.")
    const label = made("label"), box = made("input", { type: "checkbox" }, label)
    label.append("Tell me when a run ends while this tab is out of sight")
    box.checked = Notification.permission === "granted" && localStorage.getItem("graft-notify") === "on"
    box.onchange = async () => {
      localStorage.setItem("graft-notify", box.checked ? "on" : "off")
      if (box.checked && Notification.permission !== "granted") await Notification.requestPermission()
      draw()
    }
    root.replaceChildren(label)
  }
  draw()
}
