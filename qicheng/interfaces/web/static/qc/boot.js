/* Before the first paint: scripts run, and the chosen size and theme, so that nothing flashes. */
try{var r=document.documentElement;r.setAttribute("data-js","");var t=localStorage.getItem("qc-text"),m=localStorage.getItem("qc-theme");if(t)r.dataset.text=t;if(m)r.dataset.theme=m}catch(e){}
