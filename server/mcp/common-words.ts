/** Written by scripts/common-words.mjs: what is one token for every language model. Data only. */

/** Separated by spaces. Also with a capital, and after a space. */
export const commonWords =
  'abilities_ able_ abort about above absolute abstract accept acceptable_ accepted_ access accessible_ ' +
  'according account action actions active activity acts actual actually adapter_ added adding ' +
  'additional address addresses_ adds adjust admin advance_ advanced affected_ after again against_ ' +
  'agent agents aggregate_ ahead_ alert algorithm alias aliases_ align aligned_ alignment alive_ alloc_ ' +
  'allow allowed_ allows alone_ along alpha already also alternate_ although always ambient_ among ' +
  'amount analysis ancestor_ angle annotation annotations_ anonymous another answer answered_ answers_ ' +
  'anything appear_ append apple application apply appropriate_ apps architecture_ aren_ args argument ' +
  'arguments argv_ around array arrays_ arrow artifact_ aside_ asks_ assert assign assigned_ assignment ' +
  'associated_ assuming_ astro_ async atomic_ attach attached_ attempt attribute attributes author auto ' +
  'automatic available average avoid_ await_ aware_ away back background balanced_ banana_ bang bare_ ' +
  'base based baseline_ basename_ basic batch beat because been_ before begin behavior being bell below ' +
  'bench_ best better between binary bind binding bindings_ blank blob block blocked_ blocking_ blocks_ ' +
  'blog body bool boolean boot border both bottom bound boundary_ bounded_ bounds_ brace_ branch ' +
  'branches_ break breaking_ brief_ broken browser budget_ buffer buffers_ build building built ' +
  'builtin_ bulk bundle burst_ busy_ button byte bytes cache cached_ calculate call callback callbacks_ ' +
  'called caller_ calling calls came_ camel_ cancel candidate cannot capacity_ capital capture care ' +
  'caret_ carry_ case cases cast catalog catch caught_ cause ceil_ cell chain chains_ change changed ' +
  'changes changing channel channels char character characters_ charged_ chars_ charts_ check checked_ ' +
  'checker_ checking checkout_ checks checksum_ child children choice choose chosen_ chunk_ chunks_ ' +
  'cipher_ claim claims_ class classes classic clean cleanup clear click client clients_ clock clone ' +
  'close closed_ closest_ closing_ closure_ code codes_ coding_ cold collect collection collector colon ' +
  'color colour column columns combine combined come comes_ coming_ comma_ command commands comment ' +
  'comments commit common community compact_ compare comparison compatible_ compile compiled_ compiler ' +
  'complete completed completion_ complex component components composition compound_ compressed_ ' +
  'compute computed_ concat_ cond_ condition conditional conditions confidence_ config configs_ ' +
  'configuration configure configured_ confirm confirmed_ connect connected_ connection connections_ ' +
  'cons consider consistent_ console const constant constants constraint constraints_ construct ' +
  'construction constructor consume_ contain_ contained_ container contains content contents context ' +
  'contexts_ continue continued_ control controlled_ controller controllers_ conversion convert ' +
  'converted_ cookie cookies_ copies_ copy core cores_ correct cost could count counter counts cover ' +
  'coverage_ covered_ covers_ create created creates creating creation credentials credit critical ' +
  'cross crypto ctrl curr_ currency current currently cursor custom cuts_ cycle cycles_ damage dark ' +
  'data database date deadline_ death debug decimal decl declare_ decode decoded_ decorate_ deep ' +
  'default defaults define defined_ defines definition definitions_ defs_ delay delegate_ delete ' +
  'deleted_ delimiter_ deliver_ deny_ depend_ dependencies_ dependency dependent_ depends_ deprecated ' +
  'depth derived desc describe_ description descriptor_ deserialize_ design desired_ destination ' +
  'destroy detach_ detail details detect developer_ development dictionary diff difference different ' +
  'digest digit_ digits_ direct direction directive directories_ directory dirname_ dirs_ dirty_ ' +
  'disable disabled_ disconnect_ discount discussion disk dispatcher_ display dist distance docs_ ' +
  'doctor document documentation documents does doing domain done dots_ double down draft drive driver ' +
  'drivers_ drop drops_ duplicate duration during dynamic each early easy echo edge edit edited_ ' +
  'editing_ editor effect effective effects either elapsed_ electron_ elem_ element elements eligible_ ' +
  'else embedded emit_ emoji_ empty enable enabled_ encode encoded_ encoding ended_ ending_ endpoint ' +
  'ends_ engine enqueue_ ensure enter entity entries entry enum environment epoch equal equals_ erase_ ' +
  'error errors escape escaped_ eval evaluate evaluation even event events ever every everything exact ' +
  'example examples except exception exceptions exchange exclude_ excluding_ exclusive_ exec execute ' +
  'execution executor_ exist_ existing exists_ exit expand expanded_ expect expected experimental ' +
  'expired_ expires_ explicit export exports_ expr_ express expression extend_ extended extends_ ' +
  'extension extensions_ external extra extract fact factor factory facts_ fail failed fails_ failure ' +
  'fall fallback_ falls_ false fast fatal_ fault favor_ feature features fetch field fields figure file ' +
  'filename files fill filter filtered_ filters final finally find finding fine finish finished_ ' +
  'finite_ first fits_ five fixed fixtures_ flag flags flat flatten_ fleet_ flight_ float floating_ ' +
  'floor flow flush_ folder folders_ follow followers_ following font force foreign forget_ fork_ form ' +
  'format formats_ formatted_ former forms_ forward found four fraction frag_ fragment frame frames_ ' +
  'framework free freeze_ fresh from front fruit_ full fully_ func function functions future general ' +
  'generate generated generation generator generic gets getter_ github give given glob_ global globals_ ' +
  'going gone_ good grand graph gray great greater green grid group groups grow grown_ guard guide half ' +
  'hand handle handled_ handler handlers_ handles handling_ hands_ hang hard hash have having head ' +
  'header headers health heap_ heard_ heartbeat_ heavy height held_ hello help helper helpers_ here ' +
  'hidden hide high higher_ highest_ hint history hold holds_ home hook hooks_ host href_ html http ' +
  'https_ identifier identity idle_ ignore ignored_ impact implement implementation implemented_ ' +
  'implements_ implicit_ implicitly_ import important imports_ include included_ includes including_ ' +
  'inclusive_ incoming_ incorrect_ increase increment indent_ index indexed_ indexes_ indicator_ ' +
  'indices_ individual infer_ info information infos_ inherit_ init initial initialize initialized_ ' +
  'initializer_ inline inner inode_ input inputs insert inside inspect_ install installation_ ' +
  'installed_ instance instances_ instead instructions_ integer integration interface interfaces_ ' +
  'internal interpret_ interrupt_ intersection_ interval into invalid invalidate_ invoke_ issue issues_ ' +
  'item items iterate_ iteration_ iterations_ iterator java javascript_ jobs join joined_ journal json ' +
  'jump just keep keeping_ kernel keys keyword keywords_ kill kind know known label labels lane ' +
  'language languages_ large last lasting_ late later latest_ launch launcher_ layers_ layout lazy lead ' +
  'leader leading_ leaf learn lease_ least_ leave left legacy legal length less lets_ letter letters ' +
  'level levels_ libraries_ library lies_ life light like likely_ likes_ limit limited_ limits_ line ' +
  'liner_ lines link linked links lint_ linux list listed_ listen listener_ listeners_ listing_ lists ' +
  'literal little live living load loaded_ loading loads local locale localhost_ locals_ located_ ' +
  'location locations_ lock locked_ locks_ logged_ logger logging logic logical_ login logs long look ' +
  'looking lookup loop loops_ lose_ loss lost lower lowest_ machine made magic main major make makes ' +
  'making management manager manifest many mapped_ mapping maps margin_ mark markdown marked_ marker ' +
  'markers_ marks markup_ master match matched_ matcher_ matches matching_ math matter_ maximum maybe ' +
  'mean meaning_ means measure medium member members memo memory menu merge merged_ message messages ' +
  'meta metadata method methods metrics middle middleware_ might_ migration milliseconds_ minimum minor ' +
  'minus_ minute_ minutes miss missing mixed mkdir_ mode model models modern modified modifier_ modify ' +
  'module modules moment monitor more most mount move moves_ moving much multi multiple multiply_ must ' +
  'mutable mutation_ name named names namespace native natural near nearest_ necessary_ need needed ' +
  'needs_ negative nest_ nested network never newline_ news next node nodes none normal normalize ' +
  'normalized_ notation_ note notes nothing notice notification notifications_ notify noun_ null ' +
  'nullable_ number numbers numeric nums_ object objects offer offers_ official offline_ offset often_ ' +
  'okay older_ omit_ once ones_ only onto_ open opened_ opening opens_ operand_ operation operations ' +
  'operator operators_ option optional options opts_ order ordered ordering_ orders ordinary_ origin ' +
  'original other others otherwise_ ours_ outer_ output outputs outside over overall overlay_ override ' +
  'overwrite_ owner owners_ ownership_ owns_ pace_ pack package packages_ packed_ padding_ page pages ' +
  'paint pair pairs_ param parameter parameters params parent parents parse parsed_ parser part partial ' +
  'partition parts party pass passed passes_ password past patch path paths_ pattern patterns_ pause_ ' +
  'paused_ payload_ peak peer pending people percent perf_ perform performance perhaps period ' +
  'permission persist_ person phase pick piece pieces_ ping pipe pipeline pipes_ place placed_ ' +
  'placeholder_ placement places plain plan plans_ platform please plug_ plugin plugins plural_ plus ' +
  'point pointer points policy pool port position positions_ positive possible possibly_ post posted ' +
  'potential power pragma_ prec precision predicate_ prefer_ preferences preferred_ prefix prepare ' +
  'prepared_ prepend_ presence_ present preset_ pretty prev_ prevent_ preview_ previous price primary ' +
  'prime primitive print printed_ prints_ prior priority private probably probe problem proc process ' +
  'processed_ processing processors_ prod_ produce_ product production profile program progress project ' +
  'projects prop properties property proposal_ props_ protected_ proto protocol prototype_ provide ' +
  'provided_ provider proxy public publish_ published publisher pull pulse_ pure purpose push puts_ ' +
  'qualification_ qualified_ quality quarter query question questions queue queued_ queues_ quick ' +
  'quiet_ quote quoted_ quotes_ race raise random range ranges_ rank rate rates_ rather_ ratio reach_ ' +
  'reachable_ react_ read reader reading readonly_ reads_ ready real really reason receive receiver_ ' +
  'recent recommended_ record records recursive_ redirect reduce refer reference references reflect_ ' +
  'refresh refs_ regex regexp_ region register registry regular reject related relation relations ' +
  'relative release released_ remaining remark_ remember remote remove removed rename render repair_ ' +
  'repeat replace replacement_ reply report reported_ reports repository represent representation_ ' +
  'represented_ request requested_ requests require required requirements_ requires reserved reset ' +
  'resolution resolve_ resolved_ resolver resource resources response rest restart_ restrict_ ' +
  'restricted_ result results resume_ retain_ retry return returned_ returns reverse revision rewrite_ ' +
  'right role room root roots_ round router rows_ rule rules runner running runs runtime safe said_ ' +
  'same sample samples sampling_ sandbox_ save saved saving scan scanner schedule scheduler_ schema ' +
  'schemas_ scope screen script scripts_ search second seconds_ secret section sections security seed ' +
  'seen segment segments_ select selected selection selector self semi_ send sender_ sending_ sense_ ' +
  'sent sentence_ separator_ sequence serialization_ serialize_ serialized_ serializer series serve ' +
  'server servers_ service services session sessions_ sets setter_ setting settings setup severity_ ' +
  'shadow shape share shared shares_ sharing_ shell shift ship short should show shown_ shows shutdown_ ' +
  'side sign signal signals signature silent_ similar simple simulation since single sink_ site size ' +
  'skip slash_ sleep slice slow small smart snake_ snapshot_ snippet_ socket soft solution some ' +
  'something sometimes soon sort sorted sorting_ sound source sources space spaces_ spacing_ span_ ' +
  'spawn_ spec special specific specified_ spin split spread sqlite_ square stable_ stack stage stand ' +
  'standard star start started_ starting starts_ startup_ stat state statement states static statistics ' +
  'stats status statuses_ stay stderr_ stdin_ stdout_ step steps still stmt_ stood_ stop storage store ' +
  'stored_ stores storm strategy stream streams_ strict string strings strip structure structured_ ' +
  'stuff_ style styles_ submit submitted_ subset_ substring_ success such suffix_ suggest_ suite ' +
  'summary super support supported supports_ sure swap_ switch symbol symbols sync syntax system ' +
  'systems table tables tabs_ tags tail take taken takes_ taking target targets_ task tasks team tell ' +
  'temp template templates_ temporary term terminal terminate_ terminated_ terms test tested_ tester_ ' +
  'tests text texts_ than that their them_ theme then there these they thing things think third this ' +
  'those though thread threads_ three threshold through throw thus tick ticks_ time timeout timer times ' +
  'timestamps_ title titles_ today todo token tokens_ tool tools total touch trace track tracked_ ' +
  'tracker_ transaction transfer transform transport tree trees tries_ trigger trim_ trip true ' +
  'truncate_ trust trying tuple turn turned_ type typed typedef_ typeof_ types typing_ uint_ unable ' +
  'undef_ undefined_ under unexpected unfinished_ unicode union unique unit units unix unknown unless ' +
  'unsafe_ unset_ unsupported until unused_ unwrap_ update updated updates upload upper uppercase_ ' +
  'urgent_ urls_ usable_ usage used user users uses using usual_ usually util utils valid validate ' +
  'validated_ validation validator_ validators_ value values variable variables variant_ vars_ vector ' +
  'vendor_ verb_ verbose_ verified_ verify version versions_ vertical very view virtual visible_ visit ' +
  'visited_ visitor void_ wait waiting wake walk walking_ wall want wanted_ warm_ warn_ warning ' +
  'warnings_ watch ways_ weak_ weight well went_ were what whatever when where whether which while ' +
  'white whole whose_ wide width will window windows wire with withdraw_ within without word words work ' +
  'worker workers_ working works workspace world worth_ would wrap wrapped_ wrapper write writer ' +
  'writes_ writing written wrong yaml_ yellow yield_ your zero zeros_';

/** Separated by tabs: some begin with a space. */
export const commonSigns =
  ' !\t !!\t !(\t !=\t !==\t "\t ""\t "")\t ""),\t "",\t "$\t "${\t "("\t ")"\t "),\t ");\t "*"\t "+"\t ",\t ","\t "-"\t' +
  ' "-",\t "--\t ".\t "./\t "/",\t ";\t ";"\t "="\t "@\t "\\\t "\\\\\t "^\t "__\t "{{\t #\t ##\t $\t $$\t $.\t ${\t %\t %%\t %.\t' +
  " &\t &&\t '\t '!\t '\"\t '#\t '#'\t '$\t '${\t '%\t '&\t ''\t '')\t '').\t '',\t '';\t '(\t '('\t ')\t ')'\t ').\t '*'\t" +
  " '+'\t ',\t ','\t '-\t '-'\t '-')\t '--\t '.\t '.'\t '.')\t '.',\t '../\t './\t '/\t '/')\t '/',\t ':\t ';\t '<\t '</\t" +
  " '='\t '=',\t '@\t '[\t '\\\t '\\\\\t '_\t '_'\t '__\t '`\t '{\t '{{\t '{}'\t '|\t (\t (!\t (\"\t (#\t ('\t ((\t (((\t ()\t" +
  ' ().\t ():\t (+\t (-\t (.\t (:\t (;\t (<\t (>\t (?,\t (@\t ([\t (\\\t (_\t (`\t ({\t )\t ))\t ),\t ):\t );\t *\t **\t *.\t */\t' +
  ' *=\t +\t ++\t +=\t ,\t -\t --\t ---\t ----\t ------\t -->\t -=\t ->\t .\t ..\t ...\t ...)\t ....\t ../\t /\t /*\t /**\t' +
  " //\t /\\\t :\t :(\t :)\t ::\t ;\t <\t <-\t </\t <<\t <=\t =\t ='\t ==\t ===\t ==>\t =>\t >\t >=\t >>\t >>>\t ?\t ?',\t ?,\t" +
  " ??\t @\t @@\t [\t [\"\t ['\t ['',\t ['/\t [,\t [-\t [.\t [[\t [['\t []\t [])\t []).\t [],\t [];\t [{\t \\\t \\\"\t \\\\\t ]\t ])\t" +
  " ],\t ].\t ];\t ^\t _\t _,\t __\t `\t `%\t `'\t `(\t `.\t `[\t `_\t ``\t ```\t `{\t {\t {!\t {\"\t {'\t {(\t {@\t {\\\t {{\t {}\t" +
  ' {})\t {}).\t {},\t {};\t {}\\\t |\t |=\t |\\\t ||\t }\t })\t }))\t }),\t }).\t });\t },\t }.\t };\t }\\\t }]\t }}\t!!\t!.\t!=\t' +
  '!=\'\t![\t!\\\t"",\t"\'\t"(\t")\t"))\t")),\t"));\t"),\t").\t");\t"*\t",\t","\t",\'\t".\t":\t":"\t":"","\t":{"\t";\t">\t"></\t"\\\t' +
  "\"]\t\"])\t\"],\t\"].\t\"]:\t\"];\t\"][\t\"`\t\"}\t##\t###\t${\t%;\t'#\t'(\t')\t'))\t')))\t')),\t')).\t'),\t').\t'):\t');\t')[\t')}\t',\t" +
  "'-\t'.\t':\t';\t'>\t'?\t'\\\t']\t'])\t']))\t']),\t']).\t'],\t'].\t']:\t'];\t'][\t']}\t'{\t'}\t(!\t(\"\t(\"\")\t(\",\t(\"../\t(\"./\t" +
  "(\"@\t(\"\\\t(\"\\\\\t(#\t(%\t('\t('#\t('',\t(',\t(',',\t('-\t('--\t('.\t('.')[\t('.',\t('../\t('./\t('/\t('/')\t('/',\t(';\t" +
  "('@\t('\\\t('\\\\\t('{\t((\t(()\t(([\t()\t())\t()))\t()),\t()).\t());\t(),\t().\t()/\t():\t();\t()[\t()\\\t()]\t()],\t()].\t()`\t" +
  '()}\t(*)\t(+\t(-\t(...\t(...)\t(/\t(<\t(?:\t([\t(["\t([\'\t([-\t([[\t([\\\t([],\t(\\\t(_\t(_,\t(`\t({\t({"\t({},\t)"\t)%\t)\'\t)(\t' +
  "))\t)))\t))))\t))),\t))).\t)));\t)),\t)).\t));\t))[\t),\t).\t).\\\t)/\t):\t);\t);\\\t)?\t)[\t)['\t)\\\t)]\t)])\t)],\t)].\t)`\t)|\t" +
  ')}\t)},\t*(\t**\t**,\t*,\t*/\t*:\t*\\\t+)\t++\t++)\t++;\t+/\t,"\t,\'\t,.\t,:\t,\\\t,\\"\t-%\t-\'\t--\t---\t----\t-----\t------\t-->\t' +
  '-\\\t.",\t.\'\t.\',\t.(\t.)\t.,\t..\t...\t...)\t....\t.....\t......\t...\\\t../\t../../\t./\t.:\t.<\t.</\t.\\\t._\t.__\t.{\t/",\t' +
  '/#\t/$\t/\'\t/)\t/*\t/**\t/,\t/-\t/.\t//\t/<\t/>\t/@\t/\\\t/{\t:\',\t:(\t://\t:<\t:[\t:\\\t:\\\\\t:`\t;"\t;\'\t;\\\t<!--\t<(\t</\t="\t="${\t' +
  "=%\t=&\t='\t=',\t=.\t==\t======\t=\\\"\t={\t>'\t>(\t>();\t>)\t>,\t>.\t>/\t>;\t><\t></\t>>\t>>>\t>\\\t>`\t?!\t?,\t?.\t?:\t?\\\t[\"\t['\t" +
  '[-\t[[\t[\\\t[]\t[])\t[],\t[]}\t\\"\t\\")\t\\",\t\\",\\"\t\\":\t\\":\\"\t\\">\t\\">\\\t\\"\\\t\\.\t\\/\t\\\\\t\\\\/\t]\'\t]\',\t](\t]()\t])\t]))\t' +
  "])))\t])).\t]),\t]).\t])/\t]):\t]);\t]*\t],\t].\t]/\t]:\t];\t]</\t]=\t]>\t]?\t][\t]['\t]\\\t]\\\\\t]]\t]])\t]],\t]{\t]|\t]}\t^^\t" +
  "^^^^\t^{\t__\t__,\t__:\t`)\t`).\t`,\t`.\t`:\t`;\t`\\\t``\t```\t{\"\t{\\\t{\\\"\t{{\t{}\t{},\t{}\\\t|\\\t}\"\t}'\t}')\t}',\t}'.\t})\t}),\t" +
  '}).\t});\t},\t},{"\t}-\t}-{\t}.\t}.{\t}/\t}:\t};\t}</\t}[\t}\\\t}\\\\\t}]\t}`\t}|\t}}\t}},';
