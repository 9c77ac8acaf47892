// Signs in with the key of the address, and tells who is signed in and how many tasks there are.

const main = document.getElementById("main");

async function start() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key !== null) {
    history.replaceState(null, "", location.pathname);
    await fetch("api/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key }),
    });
  }
  const response = await fetch("api/v1/session");
  const session = await response.json();
  if (!response.ok) return session.detail;
  const plan = await (await fetch("api/v1/plan")).json();
  return `${session.name} (${session.role}) sees ${plan.total} tasks.`;
}

main.textContent = await start();
