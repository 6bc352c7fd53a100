"""Names that are ordinary words too, and Latin spellings of the commonest names.

Written for this project from general knowledge of the language; folded when loaded.
"""

from __future__ import annotations

from viobert.pii.fold import words

#: Names that are adjectives, nouns or verbs as well: they want a second sign.
AMBIGUOUS = words(
    """
توني ربى
عايشة مؤمنة باهي أمل نور إيمان وفاء شفاء رضا هدى دعاء رجاء نجاة حياة سماح شمس قمر ورد وردة زهرة
لين مجد نضال كفاح جهاد إسلام ثناء وئام سلام سلامة شهد حنان حنين أمان أماني آمال أحلام بسمة نعمة
بركة بركات هبة منال صفاء ضياء ضحى فجر سحر سما سماء جنة جنات ملك أميرة عطر لمسة نسمة روح ريان بدر
بيان تاج جواد حرب خير خيرية دلال دنيا ذكرى ربيع رحمة رحيق رغد روضة زين زينة سند سيف شوق شروق صباح
صبر صبا عز عزة عمر علي علا غيث فتح فضل فوز كرم لؤلؤ ليل مراد مرام منار مودة نجم نجوم نداء نصر هناء
هيا وسام يقين يسر إحسان إنعام إخلاص إسراء ألاء براءة تقى فرح فرج فداء حمد رزق سعد سعاد نعيم سعيد
سعيدة كريم كريمة جميل جميلة سليم صالح صالحة شريف شريفة حكيم حكيمة عادل كامل ناجح سالم حسن حسنة طيب
صادق مخلص راضي هادي نادر باسم فريد فريدة وحيد عزيز عزيزة لطيف لطيفة نبيل مؤمن مسلم ماهر متعب مبارك
مباركة موفق مؤيد سامي عالي عالية غالي غالية شاكر صابر طاهر عارف فاضل مرضي ناصر ناجي واثق وسيم وفي
راشد رشيد عاقل عامر عابد عايش غانم غريب فائز قادر ماجد محسن محب نافع وجيه وديع مفيد مقبل مساعد
مسعود منصور أمين أشرف أسعد أكرم يزيد يسار فاتح حافظ شافي شاهد شجاع قائد معالي معين أحسن سمح رفيق
مطر ماضي رابح جبار جراح جمعة عيد عوض خميس رمضان شعبان رجب غزل جوهر ثابت ولاء وصال وعد رؤى رواد رعد
قدر آية أنوار أزهار أفراح خلود عواطف عيون فيروز كوثر شام طيبة ظافر عوف هادية ميلاد عمرو طلعت رفعت
ليلا مختار مندوب مشرف مرشد منير منيرة نجوى تغريد ابتسام ابتهاج انتصار اعتماد اعتدال انشراح رباب
سرور سوار صقر شبل ورود وجدان يمين رفيف نهار نهاد دلع درة عذراء زكي زكية ذكي قمة حور حورية حلا حلى
ليال لجين غدير فارس مالك ملاك هلال هالة هند سهم حامد شادية طالبة طرفة جنان جوري جواهر كيان دانة
فواز محمود محروس مولود مبروك محفوظ محجوب سيد سيدة السيد الطيب الأمين الصادق الفاتح الحسن الطاهر
العيد الحبيب المختار الليث نسيم شيخة تركي تركية أمنية مهدي بيه تحية جنين حادة رنين صديق عربي عيادة
غضبان فرحان بدور مشهور مطلق منه وصل ولادة يمني باب السر حربي حمو نبأ ملاذ مرح نغم فلك ختام صفا شفا
سلاف عهد قسمت كوكب محاسن بديعة توحيد إقبال أرزاق غرام غصن طيف عتاب سحاب سديم سفر سلطنة شجون هتاف
نضار مكة قدري بطي حارب ربح شادن سر ندا حواء تبارك غفران بنين ميثاق جود مخلد كايد رسيل خضرة ربيعة
زهور شهباء أطياف سجدة ليم معتوق محبوب عبادة عتيق مأمون منور خاتم سوالف وسن نصحي رسلان دفع جلاب
مزيان اسلم عياد خريص خلوق شيم شمائل مواهب ميعاد نوار ضواحي صباحة ولد جيد ست فتنة صوفي غنيمة عقل
عقاب حسنات سهر عطية عطا حنا ضي ضو طراد زعل حصة عالم إنصاف إلهام أثير أصالة سدرة ملهم تحسين تيسير
ستار شهيد صاحب مسار تحرير بصري رسمي ساعد راضية طاهرة صديقة لهيب فردوس فرقان دموع ذكاء آيات أنفال
بلسم براق مسك تقوى سعادة مهجة ملكة ترانيم ذكريات مشاعر خواطر كواكب سنابل قناديل ودائع عناقيد أشواق
أشجان أنغام أنهار أعياد غيوم منازل كرامة غنية فرحة تحفة ماسة كنز رسل عائد ناطق ناصح مشتاق مظلوم
مزيد مكرم مفرح مرضية نظير سهل ليا نظام عناية إسعاد منتهى الغالية السعيدة الفاضل الوافي الراضي
الزين الخير نشوة وتين سمو قاصد حيا راية أيلول سراب صفوة رفعة ياقوت ناي عائدة ظاهر فاخر حياتي فكري
إميل وحيدة دجلة أصيل عدي حليم
"""
)

#: Of these, the ones that praise or describe: a person's cue alone does not make them names.
ADJECTIVES = words(
    """
باهي وفي بدور ناصح مشهور سعيد سعيدة كريم كريمة جميل جميلة سليم صالح صالحة شريف شريفة حكيم حكيمة
عادل كامل ناجح سالم حسن حسنة طيب طيبة صادق مخلص راضي هادي هادية نادر باسم فريد فريدة وحيد عزيز
عزيزة لطيف لطيفة نبيل مؤمن مسلم ماهر متعب مبارك مباركة موفق مؤيد عالي عالية غالي غالية شاكر صابر
طاهر عارف فاضل مرضي واثق عاقل عابد عايش غريب فائز قادر محسن محب نافع وجيه وديع مفيد مقبل مساعد
أمين أشرف أسعد أكرم يزيد فاتح حافظ شافي شاهد شجاع أحسن سمح رفيق ماضي ثابت طلعت رفعت ليلا مختار
مشرف مرشد ذكي زكي محفوظ مولود عذراء طالبة لين زين علي عمر عمرو جراح قائد هيا الطيب الأمين الصادق
الحبيب الطاهر غضبان فرحان مطلق صديق معتوق محبوب منور مأمون جبار بصري رسمي راضية طاهرة صديقة عائد
ناطق مشتاق مظلوم مزيد مكرم مفرح مرضية نظير سهل الغالية الفاضل الوافي الراضي الزين عائدة السعيدة
شهيد صاحب ستار وسيم عايشة مؤمنة حياتي عربي وحيدة أصيل إميل حليم عدي
"""
)

#: Of the ambiguous nouns, the ones that are words rather than names.
WORDS = words(
    """
أمل شفاء رجاء رجا دعاء سلام سلامة أمان صبر خير خيرية نعمة بركة رحمة فرج فتح نصر حياة نجاة عز عزة
قمر شمس نجم نجوم سيف وعد قدر ذكرى روح ليل فجر صباح مطر حرب عيد جمعة رمضان شعبان رجب خميس شوق تاج
درة سند عون عوض سماء دنيا وصال كفاح نضال جهاد فوز رزق سرور فرح أفراح أزهار أنوار أحلام آمال أماني
عيون عواطف صقر شبل سهم غزل نسمة زهرة زهور وردة ورود ورد روضة هلال ملاك نهار نداء انتصار اعتماد
اعتدال انشراح ابتسام ابتهاج إحسان إخلاص إسلام إيمان إلهام إنصاف تحسين تيسير توحيد إقبال ولاء براءة
بيان منار لمسة شروق شجون أرزاق غرام غصن طيف عتاب سحاب سفر سلطنة هتاف ختام صفا مرح نغم كوكب محاسن
عهد عبادة عتيق قسمت تبارك بنين ميثاق جود شهباء أطياف سجدة ليم خاتم فتنة عقل عقاب حسنات زعل عالم
تحية جنين حادة رنين بيه عربي عيادة يمني وصل ولادة باب السر سر منه ربح ندا نبأ رعد غيث بدر فداء هيا
خضرة ضو ضي حلا حلى قمة غدير مودة يقين يسر وئام ثناء آية سماح سحر ضحى تقى جنة جنات جنان مرام صفاء
هناء ربيع كرم مراد شاهد قائد مسلم مؤمن نايم حور مجد سوار صوفي مسار تحرير ساعد لهيب فردوس فرقان
دموع ذكاء آيات أنفال بلسم براق مسك تقوى سعادة مهجة ملكة ترانيم ذكريات مشاعر خواطر كواكب سنابل
قناديل ودائع عناقيد أشواق أشجان أنغام أنهار أعياد غيوم منازل كرامة غنية فرحة تحفة ماسة كنز رسل ليا
نظام عناية إسعاد منتهى الخير نشوة وتين سمو قاصد حيا راية أيلول سراب صفوة رفعة ياقوت ناي ظاهر فاخر
حياتي فكري دجلة شام
"""
)

#: Given names written in Latin letters, lower case.
LATIN = words(
    """
ahmed ahmad mohamed mohammed mohammad muhammad mohamad mahmoud mustafa moustafa ali omar umar
othman khaled khalid hassan hussein hussain husain ibrahim ismail youssef yousef yusuf yasser
yasin yassin yassine tarek tariq sami samir samer sameh saif saad saeed said salman salem salim
salah sultan suleiman sulaiman sherif sharif rami rashid rachid ramzi riad riyadh rida reda ziad
ziyad zaid zayed fadi faris fares farouk fahd fahad faisal fouad fuad firas karim kareem kamal
khalil majed majid malek marwan mazen moaz muhannad nabil nader nasser nidal nizar omer osama
usama qais raed wael waleed walid wissam yahya yazan hadi hamza hani hatem hazem haitham hisham
hicham hossam hussam issa imad iyad jamal jamil jaber jad john george girgis mina bilal bassam
basel bashar amr amin ameer amir anas anwar ashraf ayman adel adnan akram alaa ammar essam emad
ehab tamer abdullah abdallah abdel abdul abd abdulrahman abdelrahman abdulaziz fatima fatma
fatimah aisha aicha maryam mariam maria marwa mona muna mai maha may nada nadia nadine nour noor
nora noura nouf nawal najla nesreen nisreen heba hiba hala hanan hind huda hoda iman eman esraa
israa asma asmaa amal amani amina amira aya alia dalia dana dina dima doaa farah ghada khadija
layla leila laila lama lamia lina lubna manal nahla rana rania rasha reem rim rima riham salma
salwa samah samira sara sarah sawsan shaima shaimaa sahar sana siham soha suha souad suad wafa
yara yasmin yasmine yasmeen zahra zainab zeinab zineb abdelaziz abdelkader abdelkarim abdellah
abderrahim abderrahmane abdulkarim abdullatif abdulmajeed abu achraf adam adil afaf ahlam aziz
aziza badr baha bahaa basma bassem boutros bouchra brahim chaimaa chadi charbel dalal deema djamel
driss eiman elias elie emile eyad fadel fadia faiz faten fathi fatiha fawaz fawzi fayez ferial
feras firdaws fouzia gamal georges ghadeer ghassan habib haddad hafsa haifa hajar hakim halima
hamad hamdan hamed hamid hamida hamoud hanadi hanna haroun haytham houda houria ibtisam ihab ikram
ilham imane imen inas intisar islam ismael jafar jana jawad jihad jihan joseph joud judy kadhim
kaltoum karima kareema kenza khadidja khalifa khalifah khouloud kinan kholoud lamis lahcen larbi
latifa lea leen loay lotfi louay loubna lujain maher mahdi maissa malak malika maryem marwah maysa
mehdi meriem mervat miral mohsen mokhtar monia morad moncef mounir mourad mouna mounira muath
mukhtar munir munira murad musa moussa nabila nael naglaa nahed naif najat najwa nasreen nasr
nassim nawaf nayef nehad nidhal noha norah nouha noureddine nuha othmane qasim rabab rabah rabia
raghad rahma raja rajaa rafik ragab ramadan ramy randa raneem raouf rawan rayan razan rola roula
ruba ruqayya saadia sabah sabri sabrina safa safaa safia saida sakina samar samia sanaa sawsen
sayed seham selim shadi shady shahd shaker shatha shereen shimaa shireen sihem sofiane soheir
sohail sondos soukaina suhail sumaya taha tahani tala talal tamara tasneem thamer toufik wahiba
wajdi wassim wiam widad yacine yahia yasir yasmina younes youcef yousra yusra zahia zain zaina
zaki zakaria zeina zeyad zohra zuhair zyad
"""
)
