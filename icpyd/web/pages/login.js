// Logs in by a password.

const form = document.querySelector("#login");
const error = document.querySelector("#error");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const { user, password } = Object.fromEntries(new FormData(form));
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/login", { method: "POST", headers, body: JSON.stringify({ user, password }) });
  if (answer.ok) return location.replace("/");
  const problem = await answer.json().catch(() => ({}));
  error.textContent = problem.detail ?? "That did not work.";
});
