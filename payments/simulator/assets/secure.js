// Inside the shop's dialog the keyboard belongs to this frame: Escape refuses here, as it does on the dialog itself.
if (window.parent !== window) {
  document.getElementById("step").focus();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("fail").click();
  });
}
