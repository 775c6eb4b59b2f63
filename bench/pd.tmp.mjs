import { calls, ours, sign, joseAlone } from "./chain/callers.js";
import inspector from "node:inspector/promises";
const now = await import("/work/wt/perf/runtime/dist/index.js");
const tokens=await Promise.all(Array.from({length:6000},(_,i)=>sign(i+1)));
const sup=()=>{let u=0;return()=>tokens[u++%tokens.length]};
let opts; const auth={createAuth:now.createAuth, jwt:(o)=>{opts=o; return now.jwt({...o,cache:false})}};
const nocache=calls(ours(auth),sup()); const ver=now.jwt({...opts}); const scheme=calls([(next)=>async(req)=>{await ver.read(req).verify(); return next(req);}],sup());
const V={scheme,nocache}; const s=new inspector.Session(); s.connect(); await s.post("Profiler.enable"); await s.post("Profiler.setSamplingInterval",{interval:100});
const T={scheme:new Map(),nocache:new Map()}; let tot={scheme:0,nocache:0}; const N=1500; let cnt=0;
for(const k in V) await V[k](3000);
for(let r=0;r<8;r++){cnt+=N; for(const k in V){await s.post("Profiler.start"); const t=process.hrtime.bigint(); await V[k](N); const el=Number(process.hrtime.bigint()-t)/1000; tot[k]+=el; const {profile:p}=await s.post("Profiler.stop"); const byId=new Map(p.nodes.map(n=>[n.id,n])); for(const id of p.samples){const c=byId.get(id).callFrame; const key=`${c.functionName} ${c.url.replace(/.*\//,"").replace(/^[A-Z0-9]{8}\.js/,"chunk")}:${c.lineNumber}`; T[k].set(key,(T[k].get(key)??0)+el/p.samples.length);}}}
console.log(tot.scheme/cnt,tot.nocache/cnt);
const keys=new Set([...T.scheme.keys(),...T.nocache.keys()]); const d=[...keys].map(k=>[k,((T.nocache.get(k)??0)-(T.scheme.get(k)??0))/cnt,(T.scheme.get(k)??0)/cnt]).sort((a,b)=>b[1]-a[1]);
for(const [k,x,y] of d.slice(0,32)) console.log(x.toFixed(2),"(scheme",y.toFixed(2)+")",k); console.log("...neg"); for(const [k,x] of d.slice(-5)) console.log(x.toFixed(2),k);
