//! What pages say around their articles, in the languages that most of them are in.

use super::Place::{Inside, Start, Whole};
use super::Topic::{
    Advert, Comments, Cookie, Foot, Login, Navigation, Newsletter, Posted, Related, Reply, Share,
};

/// Topic, place, phrases parted by `|` in the form that `normal` gives.
pub(super) const PHRASES: &[(super::Topic, super::Place, &str)] = &[
    // --- small print of a post
    (
        Posted,
        Start,
        "this entry was posted|this post was posted|posted in|posted on|posted by|posted under|filed under|filed in|\
         categories:|category:|tagged with|tagged as|tags:|tag:|labels:|topics:|bookmark the permalink|permalink|\
         published in|published by|last updated|last modified|written by|submitted by|reblogged this|via:|source:",
    ),
    (
        Posted,
        Whole,
        "tags|labels|filed under|categories|permalink|edit|edit this post|email this post|trackback",
    ),
    (
        Posted,
        Inside,
        "bookmark the permalink|follow any responses to this entry|responses are currently closed|\
         you can leave a response, or trackback|both comments and pings are currently closed|\
         both comments and trackbacks are currently closed|setzen sie ein lesezeichen auf den permalink|\
         lesezeichen auf den permanentlink|speichere in deinen favoriten diesen permalink|\
         marquer le permalien|ajoutez ce permalien|enregistrer le permalien|\
         guarda el enlace permanente|guarda el permalink|contrassegna il permalink|\
         marque como favorito o link permanente|bewaar de permalink|закладка постоянная ссылка",
    ),
    (
        Posted,
        Start,
        "dieser beitrag wurde unter|dieser eintrag wurde|veröffentlicht in|veröffentlicht unter|veröffentlicht am|kategorien:|kategorie:|schlagwörter|verschlagwortet mit|abgelegt unter|\
         ce contenu a été publié|cette entrée a été publiée|publié dans|publié par|classé dans|catégories:|catégories :|étiquettes|mots-clés|mots clés|libellés|\
         esta entrada fue publicada|esta entrada se publicó|publicado en|publicado por|archivado en|etiquetas|etiquetado|categorías:|categoría:|\
         questo articolo è stato pubblicato|questa voce è stata pubblicata|pubblicato in|pubblicato da|archiviato in|etichette|contrassegnato da tag|\
         esse post foi publicado|esta entrada foi publicada|publicado em|categorias:|marcadores|arquivado em|\
         dit bericht is geplaatst|geplaatst in|geplaatst door|gepubliceerd in|categorie:|categorieën:|\
         zapisano w|kategorie:|tagi:|opublikowano w|opublikowany w|\
         запись опубликована|опубликовано в|рубрики:|рубрика:|метки:|теги:|ярлыки:|\
         publicerat i|postat i|kategorier:|etiketter|udgivet i|skrevet i|kategoriler:|etiketler|\
         分类:|分类：|标签:|标签：|发表在|本文链接|本条目发布于|此条目发表在|責任編輯|责任编辑|カテゴリー|タグ:|タグ：|쿤테고리|태그:",
    ),
    // --- heads of the comments
    (
        Comments,
        Whole,
        "comments|comment|comments (#|comment (#|# comments|# comment|# responses|# response|# replies|# reply|responses|\
         no comments|no comments yet|one comment|one response|one thought|view all comments|view comments|show comments|\
         reader comments|comments and ratings|add comment|add a comment|latest comments|join the discussion|join the conversation|discussion|\
         trackbacks|pingbacks|trackbacks & pingbacks|trackbacks/pingbacks|# trackbacks|# pingbacks|\
         kommentare|kommentare (#|# kommentare|# kommentar|keine kommentare|ein kommentar|leserkommentare|alle kommentare|# antworten|# gedanken|\
         commentaires|commentaires (#|# commentaires|# commentaire|aucun commentaire|un commentaire|vos commentaires|réactions|# réactions|# réponses|\
         comentarios|comentarios (#|# comentarios|# comentario|sin comentarios|no hay comentarios|un comentario|# respuestas|\
         commenti|commenti (#|# commenti|# commento|nessun commento|un commento|# risposte|\
         comentários|comentários (#|# comentários|# comentário|nenhum comentário|sem comentários|um comentário|# respostas|\
         reacties|# reacties|# reactie|geen reacties|# antwoorden|komentarze|# komentarzy|# komentarze|brak komentarzy|# odpowiedzi|\
         комментарии|комментарии (#|# комментариев|# комментарий|# комментария|нет комментариев|\
         kommentarer|# kommentarer|inga kommentarer|yorumlar|# yorum|hozzászólások|komentáře|# komentářů|kommentit|\
         评论|評論|留言|网友评论|最新评论|热门评论|全部评论|#条评论|# 条评论|暂无评论|コメント|コメント (#|コメント一覧|댓글|댓글 #",
    ),
    (
        Comments,
        Start,
        "# thoughts on|# thought on|one thought on|# responses to|one response to|# response to|# comments on|# comment on|# comments to|# replies to|# comments so far|# comments for|\
         comments on|comments are closed|commenting is closed|comments closed|comments off on|view # comments|view # more|show all # comments|\
         # gedanken zu|ein gedanke zu|# antworten auf|# kommentare zu|kommentare sind geschlossen|die kommentare sind geschlossen|die kommentarfunktion|\
         # réflexions sur|# réflexion sur|une réflexion sur|# réponses à|# commentaires sur|# commentaire sur|les commentaires sont fermés|# avis sur|\
         # pensamientos en|# comentarios en|# comentario en|un comentario en|un comentario sobre|# comentarios sobre|# pensamientos sobre|# respuestas a|los comentarios están cerrados|\
         # pensieri su|# commenti su|un pensiero su|# risposte a|i commenti sono chiusi|# comentarios em|# comentários em|# comentários sobre|# ideias sobre|um comentário em|os comentários estão|\
         # gedachten over|# reacties op|een reactie op|# reacties naar|reacties zijn gesloten|# myśli na temat|# komentarze do|# myśli w temacie|# komentarzy do|\
         # мыслей на|# комментариев к|# комментарий к|# ответов на|# tankar om|# kommentarer till|# tanker om|# thoughts about|\
         评论已关闭|你可能还想说",
    ),
    // --- the form
    (
        Reply,
        Whole,
        "leave a reply|leave reply|leave a comment|leave a response|leave a reply cancel reply|leave a comment cancel reply|leave your comment|reply|cancel reply|post a comment|post comment|post a new comment|write a comment|\
         submit comment|comment as|enter your comment here|your comment|your comment here|your name|your email|your email address|your website|name|email|e-mail|website|url|save|submit|send|cancel|\
         add new comment|add your comment|add a new comment|add a reply|post reply|post a reply|preview|name (required|email (required|website (optional|name *|email *|save changes|message|your message|facebook photo|google photo|google+ photo|twitter picture|gravatar|wordpress.com logo|google logo|\
         click here to cancel reply|loading comments|write a reply|log in to reply|login to reply|required fields are marked|report this comment|flag as inappropriate|reply to this comment|like this comment|report|reply with quote|quote|\
         antworten|antwort abbrechen|hinterlasse eine antwort|hinterlasse einen kommentar|schreibe einen kommentar|kommentar schreiben|kommentar verfassen|einen kommentar schreiben|eine antwort schreiben|eine antwort hinterlassen|kommentar abschicken|kommentar senden|kommentar abgeben|kommentar hinterlassen|kommentieren|kommentar veröffentlichen|neuen kommentar schreiben|dein kommentar|ihr kommentar|e-mail-adresse|webseite|website (optional|\
         répondre|laisser un commentaire|laissez un commentaire|laisser une réponse|annuler la réponse|laisser un commentaire annuler la réponse|ajouter un commentaire|poster un commentaire|publier un commentaire|enregistrer un commentaire|envoyer le commentaire|commenter|votre commentaire|nom|courriel|site web|adresse e-mail|\
         responder|dejar un comentario|deja un comentario|deja una respuesta|dejar una respuesta|deja tu comentario|cancelar la respuesta|cancelar respuesta|publicar un comentario|publicar comentario|enviar comentario|añadir comentario|añadir nuevo comentario|escribe un comentario|agregar un comentario|agregar comentario|comentar|nombre|correo electrónico|sitio web|tu comentario|\
         rispondi|lascia un commento|lascia una risposta|annulla risposta|scrivi un commento|invia commento|posta un commento|pubblica commento|aggiungi un commento|aggiungi commento|commenta|nome|sito web|\
         deixe um comentário|deixe uma resposta|deixe seu comentário|cancelar resposta|enviar um comentário|postar um comentário|publicar comentário|adicionar comentário|enviar comentário|\
         beantwoorden|reageer|geef een reactie|geef een antwoord|laat een reactie achter|plaats een reactie|reactie plaatsen|reactie annuleren|antwoord annuleren|een reactie plaatsen|reageren|naam|\
         odpowiedz|dodaj komentarz|zostaw komentarz|zostaw odpowiedź|anuluj pisanie odpowiedzi|prześlij komentarz|skomentuj|opublikuj komentarz|\
         ответить|добавить комментарий|оставить комментарий|оставьте комментарий|отменить ответ|отправить комментарий|комментировать|написать комментарий|имя|\
         svara|lämna ett svar|lämna en kommentar|skriv en kommentar|avbryt svar|svar|skriv et svar|legg igjen en kommentar|legg igjen et svar|bir cevap yazın|yorum yapın|cevapla|yanıtla|bir yorum yazın|odpovědět|napsat komentář|válasz|vastaa|\
         发表评论|发表回复|發表回應|發佈留言|發表評論|取消回复|回复|回覆|回應|提交评论|写评论|我要评论|我来说两句|举报|点赞|コメントを残す|コメントを書く|コメントを投稿|返信|キャンセル|답글 남기기|댓글 달기|답글",
    ),
    (
        Reply,
        Start,
        "leave a reply to|leave a reply cancel|leave a comment on|fill in your details below|you are commenting using|connecting to %s|notify me of|notify me when|save my name|your email address will not be published|required fields are marked|address never made public|email (address never|name (required|email (required|website (|please log in using one of these methods|\
         you must be logged in|you must log in|log in to post|log in to comment|log in or register to post|login to post|login or register to post|sign in to comment|sign in to reply|please log in to|please login to|be the first to comment|comments may be moderated|comments are moderated|this site uses akismet|learn how your comment data|you may use these html tags|more information about text formats|plain text|no html tags allowed|allowed html tags|\
         ihre e-mail-adresse wird nicht|deine e-mail-adresse wird nicht|erforderliche felder sind|meinen namen, meine e-mail|meinen namen, e-mail|meine e-mail-adresse und website|benachrichtige mich|benachrichtigung bei|trage deine daten unten ein|gib hier deinen kommentar ein|du kommentierst mit|verbinde mit %s|du musst angemeldet sein|sie müssen angemeldet sein|bitte melden sie sich an|zum kommentieren|diese website verwendet akismet|schreibe einen kommentar antwort|hinterlasse einen kommentar antwort|\
         votre adresse e-mail ne sera pas|votre adresse de messagerie ne sera pas|les champs obligatoires sont|enregistrer mon nom|prévenez-moi de|avertissez-moi|entrez vos coordonnées ci-dessous|entrez votre commentaire ici|vous commentez à l'aide de|connexion à %s|vous devez être connecté|vous devez vous connecter|connectez-vous pour|ce site utilise akismet|laisser un commentaire annuler|\
         tu dirección de correo electrónico no será|los campos obligatorios|campos obligatorios|guarda mi nombre|recibir nuevas entradas|notificarme los nuevos|avísame por correo|introduce tus datos|introduce aquí tu comentario|estás comentando usando|conectando a %s|debes estar conectado|tienes que estar|inicia sesión para|este sitio usa akismet|deja una respuesta cancelar|deja un comentario cancelar|\
         il tuo indirizzo email non sarà|i campi obbligatori|salva il mio nome|avvertimi via|notificami nuovi|inserisci i tuoi dati|inserisci qui il tuo commento|stai commentando usando|connessione a %s|devi essere connesso|devi effettuare|questo sito usa akismet|questo sito utilizza akismet|lascia un commento annulla|\
         o seu endereço de e-mail não será|seu endereço de email não será|campos obrigatórios|salvar meus dados|guardar o meu nome|notifique-me|notificar-me|avise-me sobre|preencha os seus dados|você está comentando utilizando|está a comentar usando|conectando a %s|a conectar a %s|você precisa fazer|faça login para|este site utiliza o akismet|deixe um comentário cancelar|deixe uma resposta cancelar|\
         het e-mailadres wordt niet|je e-mailadres wordt niet|vereiste velden zijn|mijn naam, e-mail|stuur mij een e-mail|vul je gegevens in|je reageert onder je|verbinden met %s|je moet ingelogd zijn|je moet inloggen|geef een reactie reactie annuleren|\
         twój adres e-mail nie zostanie|wymagane pola są|zapisz moje dane|powiadom mnie|wprowadź swoje dane|komentujesz korzystając|łączenie z %s|musisz się zalogować|dodaj komentarz anuluj|\
         ваш адрес email не будет|ваш e-mail не будет|обязательные поля|сохранить моё имя|сообщать о новых|уведомить меня|заполните поля|вы комментируете|для отправки комментария|добавить комментарий отменить|\
         din e-postadress kommer inte|obligatoriska fält|meddela mig|du kommenterar med|din e-mailadresse vil ikke|e-posta hesabınız yayımlanmayacak|gerekli alanlar|\
         您的电子邮箱地址不会|电子邮件地址不会|您的邮箱地址不会|必填项|必填字段|登录后才|请登录后|登录发表|要发表评论|發佈留言必須|メールアドレスが公開|下にコメント|新しいコメントを|이메일은 공개",
    ),
    (
        Reply,
        Inside,
        "click an icon to log in|(address never made public)|log out / change|log out / change|account. ( log out|\
         sie der kommentar-erstellung|klicke auf ein icon, um dich einzuloggen|cliquez sur une icône pour vous connecter|\
         haz clic en un icono para iniciar sesión|clicca su un'icona per effettuare|clique em um ícone para log in|clique num ícone para iniciar|\
         klik op een icoon om in te loggen|kliknij jedną z ikon|( abmelden / ändern|déconnexion / changer|salir / cambiar|cerrar sesión / cambiar|chiudi sessione / modifica|sair / alterar|terminar sessão / alterar|log uit / bijwerken|wyloguj / zmień|выход / изменить|to post comments",
    ),
    // --- log-in
    (
        Login,
        Whole,
        "log in|login|sign in|log out|logout|sign up|register|create account|create an account|log in now|forgot password|forgot your password|lost your password|remember me|username|password|my account|already have an account|log in with facebook|log in with google|log in or register|log in or sign up|\
         anmelden|einloggen|registrieren|passwort vergessen|abmelden|konto erstellen|benutzername|passwort|\
         connexion|se connecter|s'inscrire|déconnexion|mot de passe|mot de passe oublié|créer un compte|mon compte|identifiez-vous|\
         iniciar sesión|inicia sesión|regístrate|registrarse|cerrar sesión|contraseña|acceder|entrar|cadastre-se|fazer login|accedi|registrati|esci|inloggen|aanmelden|uitloggen|registreren|zaloguj się|zaloguj|zarejestruj się|\
         войти|вход|регистрация|выйти|logga in|log ind|logg inn|giriş yap|giriş|登录|登入|注册|註冊|登录|｜注册|ログイン|会員登録|로그인|회원가입",
    ),
    (
        Login,
        Start,
        "already a subscriber|already a member|don't have an account|already have a wordpress.com account|already have an account|sign in to your account|log in with your|have an account",
    ),
    // --- sharing
    (
        Share,
        Whole,
        "share|share this|share this:|share on|tweet|tweet this|pin it|pin|like|like this|like this:|like loading|liked|be the first to like this|email this|print|print this|print this page|email|e-mail this|whatsapp|facebook|twitter|x|linkedin|pinterest|reddit|tumblr|telegram|instagram|youtube|google|stumbleupon|digg|delicious|pocket|flipboard|copy link|copy url|link copied|follow us|follow|follow me|subscribe|rss|share article|share this article|share this post|share this story|share this page|share via|more|rate this|rate this:|related|shares|# shares|# share|\
         teilen|teilen mit|teile dies|teilen mit:|teile dies mit|gefällt mir|gefällt mir:|gefällt mir wird geladen|drucken|artikel teilen|beitrag teilen|folgen|merken|\
         partager|partager:|partager :|partagez|partager sur|partager cet article|j'aime|j'aime:|j'aime chargement|imprimer|envoyer par mail|envoyer par e-mail|suivre|suivez-nous|articles similaires|\
         compartir|comparte|comparte esto|comparte esto:|compartir en|me gusta|me gusta esto|me gusta esto:|me gusta cargando|imprimir|síguenos|correo electrónico|\
         condividi|condividi:|condividi su|mi piace|mi piace:|mi piace caricamento|stampa|seguici|\
         compartilhe|compartilhe isso|compartilhe isso:|compartilhar|partilhar|partilhar isto|partilhar isto:|curtir|curtir isso|curtir isso:|curtir carregando|gosto|gostar|siga-nos|\
         delen|deel dit|deel dit:|vind ik leuk|vind ik leuk:|vind ik leuk laden|afdrukken|volg ons|udostępnij|udostępnij:|lubię to|polub|polub:|drukuj|obserwuj|\
         поделиться|поделиться ссылкой|поделитесь|нравится|понравилось это|нравится загрузка|печать|подписаться|\
         dela|dela på|gilla|del|del dette|paylaş|beğen|sdílet|分享|分享到|分享至|微信|微博|收藏|打印|转发|关注|点击查看|扫一扫|共有|シェア|シェアする|いいね|프린트|공유",
    ),
    (
        Share,
        Start,
        "click to share|click to email|click to print|share on facebook|share on twitter|share on x|share on linkedin|share on pinterest|share on reddit|share on whatsapp|share on tumblr|share to|tweet on twitter|follow us on|follow me on|like us on|find us on|join us on|like this: like loading|like loading|save to pocket|opens in new window|blogthis|share to twitter|\
         auf facebook teilen|auf twitter teilen|auf x teilen|per whatsapp|per e-mail teilen|klick, um auf|klick, um über|klicken, um|zum teilen|klicken zum|folge uns|folgen sie uns|\
         cliquez pour partager|cliquer pour partager|cliquez pour envoyer|partager sur facebook|partager sur twitter|suivez-nous sur|\
         haz clic para compartir|haz clic en compartir|compartir en facebook|compartir en twitter|síguenos en|\
         fai clic per condividere|fai clic qui per condividere|condividi su facebook|condividi su twitter|seguici su|clique para compartilhar|compartilhar no|clique para partilhar|siga-nos no|klik om te delen|klik om af te drukken|deel op|kliknij, aby udostępnić|udostępnij na|нажмите, чтобы поделиться|поделиться в|klicka för att dela|分享到|扫描二维码|关注我们|クリックして|# bloggers like this|%d bloggers like this|# likes|# people like",
    ),
    // --- consent
    (
        Cookie,
        Start,
        "this website uses cookies|this site uses cookies|we use cookies|our website uses cookies|privacy & cookies|privacy and cookies|by continuing to use this|to find out more, including how to control cookies|cookie settings|cookie policy|accept all cookies|accept cookies|\
         diese website verwendet cookies|diese seite verwendet cookies|diese website benutzt cookies|wir verwenden cookies|datenschutz & cookies|alle cookies akzeptieren|ce site utilise des cookies|nous utilisons des cookies|confidentialité & cookies|en poursuivant votre navigation|\
         este sitio web utiliza cookies|esta web utiliza cookies|utilizamos cookies|usamos cookies|privacidad y cookies|questo sito utilizza i cookie|questo sito usa i cookie|utilizziamo i cookie|privacy e cookie|este site utiliza cookies|nós usamos cookies|deze website gebruikt cookies|wij gebruiken cookies|ta strona używa|strona korzysta z plików cookie|мы используем cookie|этот сайт использует",
    ),
    (
        Cookie,
        Whole,
        "close and accept|got it|accept|accept all|reject all|manage preferences|cookies|akzeptieren|accepter|tout accepter|aceptar|accetta|aceitar|schliessen und akzeptieren",
    ),
    // --- newsletter
    (
        Newsletter,
        Start,
        "subscribe to our|subscribe to|sign up for our|sign up for the|sign up to|sign up for|get our newsletter|get the latest|join our newsletter|join # other|enter your email|follow blog via email|follow this blog|email me new posts|receive new posts|receive our|\
         newsletter abonnieren|melden sie sich für|abonnieren sie|jetzt abonnieren|blog via e-mail|schließe dich # anderen|gib deine e-mail|abonnez-vous|inscrivez-vous|recevez|rejoignez # autres|suivre ce blog|saisissez votre adresse|suscríbete|introduce tu correo|únete a # seguidores|únete a otros|recibe|iscriviti|segui il blog|segui assieme|inscreva-se|assine|junte-se a # outros|siga o blog|abonneer je|schrijf je in|voeg je bij # andere|zapisz się|dołącz do # |подпишитесь|подписывайтесь|prenumerera på|tilmeld dig",
    ),
    (
        Newsletter,
        Whole,
        "newsletter|sign me up|subscribe now|subscribe|email address|follow blog|following|abonnieren|s'abonner|suscribirse|iscriviti|inscrever|assinar",
    ),
    // --- related
    (
        Related,
        Whole,
        "related|related posts|related articles|related stories|related content|related news|related topics|related links|related coverage|related items|related reading|read more|read more:|read also|see also|see more|more stories|more from this author|more from the web|more on this story|more on this topic|more news|more like this|most read|most popular|most viewed|most commented|popular posts|popular articles|trending|trending now|trending stories|recommended|recommended for you|recommended stories|recommended reading|you may also like|you might also like|you may also be interested in|you might be interested in|don't miss|editor's picks|editors' picks|latest news|latest posts|latest stories|latest articles|recent posts|recent articles|top stories|up next|read next|what to read next|suggested topics|further reading on this site|from around the web|around the web|sponsored content|more in|in this section|also on|similar posts|archives|blogroll|recent comments|meta|top posts|top posts & pages|blog archive|about me|new & unread topics|unread topics|want to read more|\
         verwandte artikel|ähnliche beiträge|ähnliche artikel|verwandte themen|verwandte beiträge|mehr zum thema|lesen sie auch|lesen sie mehr|das könnte sie auch interessieren|auch interessant|meistgelesen|am meisten gelesen|neueste beiträge|letzte beiträge|weitere artikel|weitere themen|mehr zum thema|archiv|weiterlesen|Ähnliche beiträge|empfohlene artikel|\
         articles similaires|articles liés|à lire aussi|lire aussi|à lire également|voir aussi|sur le même sujet|dans la même rubrique|articles récents|les plus lus|vous aimerez aussi|similaire|similaires|plus d'articles|derniers articles|en lien avec cet article|\
         relacionado|relacionados|artículos relacionados|entradas relacionadas|noticias relacionadas|temas relacionados|más noticias|lo más leído|lo más visto|también te puede interesar|te puede interesar|te puede gustar|lea también|lee también|leer más|entradas recientes|contenido relacionado|archivos|\
         correlati|articoli correlati|post correlati|leggi anche|leggi tutto|potrebbe interessarti|potrebbe interessarti anche|potrebbero interessarti|articoli recenti|notizie correlate|i più letti|archivi|\
         leia também|leia mais|veja também|posts relacionados|artigos relacionados|notícias relacionadas|mais lidas|mais lidos|você também pode gostar|posts recentes|artigos recentes|saiba mais|arquivos|\
         gerelateerd|gerelateerde berichten|gerelateerde artikelen|lees ook|lees meer|meest gelezen|recente berichten|zie ook|ook interessant|powiązane|zobacz także|zobacz również|czytaj także|czytaj również|czytaj więcej|podobne wpisy|podobne artykuły|najnowsze wpisy|najpopularniejsze|\
         похожее|похожие записи|похожие статьи|читайте также|читать далее|см. также|смотрите также|по теме|материалы по теме|самое читаемое|популярное|свежие записи|\
         läs också|läs mer|relaterat|relaterade artiklar|liknande inlägg|læs også|les også|benzer yazılar|ilgili haberler|související články|kapcsolódó cikkek|lue myös|\
         相关文章|相关新闻|相关阅读|相关推荐|相关报道|相關文章|相關新聞|延伸阅读|延伸閱讀|猜你喜欢|热门推荐|热门文章|推荐阅读|精彩推荐|为您推荐|更多|最新文章|関連記事|関連ニュース|あわせて読みたい|人気記事|最新記事|おすすめ|관련 기사|관련기사",
    ),
    (
        Related,
        Start,
        "read more:|read also:|see also:|also read:|related:|read next:|more:|recommended:|watch:|don't miss:|lesen sie auch:|lesen sie auch|mehr dazu:|lire aussi:|lire aussi :|à lire aussi:|à lire aussi :|voir aussi :|lea también:|lee también:|leer también|leggi anche:|leggi anche|leia também:|leia também|veja também:|lees ook:|lees ook|czytaj też:|czytaj także:|читайте также:|相关阅读：|延伸阅读：|原标题|more in this category|topics similar to|browse more topics|want to read more? browse",
    ),
    // --- navigation
    (
        Navigation,
        Whole,
        "home|menu|search|skip to content|skip to main content|skip to navigation|skip to secondary content|skip to primary content|back to top|top|next|previous|prev|older posts|newer posts|older post|newer post|next post|previous post|next page|previous page|next article|previous article|next entry|previous entry|post navigation|main menu|primary menu|site navigation|toggle navigation|close|open|show more|load more|view more|see all|view all|contents|go to top|all posts|read more|continue reading|about|contact|contact us|about us|# / #|page # of #|book traversal links|breadcrumb|you are here|\
         zum inhalt springen|startseite|suche|suchen|menü|nach oben|zurück|weiter|nächster beitrag|vorheriger beitrag|ältere beiträge|neuere beiträge|beitragsnavigation|beitrags-navigation|artikel-navigation|neuerer post|älterer post|über uns|kontakt|\
         accueil|rechercher|aller au contenu|retour en haut|haut de page|suivant|précédent|article suivant|article précédent|navigation de l'article|navigation des articles|article plus récent|article plus ancien|à propos|contactez-nous|\
         inicio|buscar|saltar al contenido|ir al contenido|volver arriba|siguiente|anterior|entrada siguiente|entrada anterior|navegación de entradas|entrada más reciente|entrada antigua|página principal|acerca de|contacto|\
         cerca|vai al contenuto|torna su|successivo|precedente|articolo successivo|articolo precedente|navigazione articoli|navigazione articolo|post più recente|post più vecchio|home page|chi siamo|contatti|\
         início|pesquisar|pular para o conteúdo|voltar ao topo|próximo|próximo post|post anterior|navegação de post|navegação de posts|navegação de artigos|postagem mais recente|postagem mais antiga|sobre|contato|\
         zoeken|ga naar de inhoud|naar de inhoud|volgende|vorige|bericht navigatie|berichtnavigatie|szukaj|przejdź do treści|następny|poprzedni|nawigacja wpisu|nowszy post|starszy post|strona główna|\
         главная|поиск|наверх|перейти к содержимому|следующая|предыдущая|следующая запись|предыдущая запись|навигация по записям|\
         首页|首頁|搜索|上一篇|下一篇|上一页|下一页|返回顶部|文章导航|ホーム|検索|次の記事|前の記事|投稿ナビゲーション",
    ),
    (
        Navigation,
        Start,
        "previous post:|next post:|previous article:|next article:|previous:|next:|older:|newer:|vorheriger beitrag:|nächster beitrag:|article précédent:|article suivant:|article précédent :|article suivant :|entrada anterior:|entrada siguiente:|articolo precedente:|articolo successivo:|post anterior:|próximo post:|vorige bericht:|volgende bericht:|subscribe to: post comments|上一篇：|下一篇：|上一篇:|下一篇:|you are here:",
    ),
    (
        Navigation,
        Whole,
        "load more comments|show more comments|mehr laden|mehr anzeigen|mehr kommentare laden|charger plus|afficher plus|charger plus de commentaires|cargar más|cargar más comentarios|ver más|mostrar más|carica altro|carica altri commenti|carregar mais|ver mais|meer laden|załaduj więcej|ladda fler|ladda fler kommentarer|se mer|visa fler|загрузить ещё|показать ещё|daha fazla|もっと見る|更多评论|المزيد|عرض المزيد",
    ),
    // --- what forum software says of itself
    (
        Login,
        Inside,
        "you cannot post new topics|you cannot reply to topics|you may not post new threads|you must log in or register to reply|you must be logged in to reply|du darfst keine neuen themen|du musst dich einloggen oder registrieren, um|vous ne pouvez pas publier de nouveaux sujets|vous ne pouvez pas poster de nouveaux|vous devez vous inscrire ou vous connecter|no puede abrir nuevos temas|no puedes abrir nuevos temas|debes iniciar sesión o registrarte|non puoi aprire nuovi argomenti|devi accedere o registrarti per|você não pode criar novos tópicos|não pode criar novos tópicos|você precisa entrar ou registrar|je kunt geen nieuwe onderwerpen|je moet inloggen of registreren|nie możesz tworzyć nowych tematów|musisz się zalogować lub zarejestrować|вы не можете начинать темы|вы должны войти или зарегистрироваться|cevap yazmak için giriş yap|du måste logga in eller registrera dig|登录后才能回复|您需要登录后才可以回帖",
    ),
    (
        Related,
        Whole,
        "who is online|wer ist online|qui est en ligne|quién está conectado|chi c'è in linea|quem está ligado|quem está online|wie is er online|kto jest online|кто сейчас на конференции|forum permissions|permissions|berechtigungen|uprawnienia|similar threads|ähnliche themen|discussions similaires|sujets similaires|temas similares|discussioni simili|tópicos semelhantes|vergelijkbare onderwerpen|podobne tematy|похожие темы|похожие новости|benzer konular|liknande trådar|related topics",
    ),
    // --- forms and prompts around comments, of systems besides WordPress
    (
        Login,
        Start,
        "se connecter ou s'inscrire pour|connectez-vous ou inscrivez-vous pour|log in or register to post|login or register to post|log in to post|melden sie sich an oder registrieren sie sich|anmelden oder registrieren um|inicie sesión o regístrese para|iniciar sesión o registrarse para|accedi o registrati per|entre ou registre-se para|log in or sign up|inloggen of registreren om|zaloguj się lub zarejestruj|уважаемый посетитель, вы зашли|посетители, находящиеся в группе|информация. посетители, находящиеся|コメントを投稿するにはログイン|コメントするにはログイン|请登录后发表|登录后发表评论|يجب تسجيل الدخول|للتعليق يجب",
    ),
    (
        Reply,
        Whole,
        "コメントを書く|コメントする|返信|返信する|コメントを残す|コメントを残す コメントをキャンセル|rédiger un commentaire|añadir comentario|responder eliminar|respuestas|eliminar|adicionar comentário|excluir|aggiungi un commento|elimina|dodaj komentarz|lägg till kommentar|svara|svar|gå med i diskussionen|yorum yap|yorum yaz|yanıtla|cevapla|اترك تعليقا|اترك تعليقاً|اترك رد|إضافة تعليق|رد|الرد|إلغاء الرد|إلغاء الرد على التعليق|добавить комментарий|ответить|цитировать|пожаловаться|gast|join the discussion",
    ),
    (
        Reply,
        Inside,
        "لن يتم نشر عنوان بريدك الإلكتروني|احفظ اسمي، بريدي الإلكتروني|هذا الموقع يستخدم akismet|メールアドレスが公開されることはありません|для комментирования необходимо|e-posta adresiniz yayınlanmayacak|din e-postadress kommer inte",
    ),
    (
        Comments,
        Start,
        "تعليقان على|تعليق واحد على|# تعليقات على|# تعليق على|# تعليقات|# responses to|# risposte a|# respuestas a|# respostas para|# reacties op|# odpowiedzi na|# комментария|# комментариев|# комментарий|комментарии #|комментарии (#|# kommentarer|# yorum|コメント（#|コメント (#",
    ),
    (
        Share,
        Start,
        "この記事をはてなブックマーク|ツイートする|シェアする|شارك هذا الموضوع|انقر للمشاركة على|اضغط للمشاركة على|paylaş:|поделиться с друзьями|fai clic qui per|clique para",
    ),
    (
        Cookie,
        Start,
        "vi använder kakor|vi använder cookies|мы используем файлы cookie|bu site, içeriği kişiselleştirmek|bu sitede çerezler|nous utilisons des cookies sur ce site|نستخدم ملفات تعريف الارتباط|يستخدم هذا الموقع ملفات تعريف الارتباط|このサイトは cookie|当サイトでは cookie|privacidade e cookies|privacy e cookie|este sitio utiliza cookies|ce site utilise",
    ),
    // --- the foot
    (
        Foot,
        Start,
        "all rights reserved|copyright #|copyright ©|© #|© copyright|(c) #|powered by|proudly powered by|blog at wordpress.com|create a free website or blog|create a website or blog|theme:|theme by|website built with|terms of service|terms of use|privacy policy|privacy notice|get started|simple theme|design by|\
         alle rechte vorbehalten|impressum|datenschutzerklärung|datenschutz|erstelle kostenlos|bloggen auf wordpress|bloggen bei wordpress|mit stolz präsentiert|powered by discourse|tous droits réservés|mentions légales|politique de confidentialité|propulsé par|fièrement propulsé|créez un site ou un blog|créez un blog|un site wordpress.com|todos los derechos reservados|aviso legal|política de privacidad|blog de wordpress.com|crea un blog o un sitio|crea tu sitio|con la tecnología de|tema:|tutti i diritti riservati|informativa sulla privacy|crea un sito o un blog|blog su wordpress.com|powered by blogger|todos os direitos reservados|política de privacidade|crie um website ou blog|crie um site ou blog|blog no wordpress.com|alle rechten voorbehouden|maak een gratis website|blog op wordpress.com|privacybeleid|wszelkie prawa zastrzeżone|polityka prywatności|stwórz darmową|blog na wordpress.com|obsługiwane przez|все права защищены|создайте бесплатный сайт|политика конфиденциальности|сайт работает на wordpress|alla rättigheter|blogg på wordpress|tüm hakları saklıdır|\
         版权所有|版權所有|免责声明|特别声明|未经授权|自豪地采用|プライバシーポリシー|無断転載|무단 전재",
    ),
    (
        Foot,
        Whole,
        "imprint|terms|privacy|sitemap|site map|disclaimer|advertise|help|faq|report this content|view site in reader|manage subscriptions|collapse this bar|copyright|rights & permissions|reprints",
    ),
    // --- advertising
    (
        Advert,
        Whole,
        "advertisement|advertisements|advertising|sponsored|sponsored links|sponsored by|ad|ads|ads by google|scroll to continue|story continues below|article continues below|article continues below this ad|article continues after advertisement|continue reading below|report this ad|anzeige|werbung|advertorial|publicité|publicidad|pubblicità|publicidade|advertentie|reklama|reklame|annons|реклама|reklam|广告|廣告|広告|スポンサーリンク|광고|privacy settings|occasionally, some of your visitors may see an advertisement here|occasionally, some of your visitors may see an advertisement here. you can hide these ads completely by upgrading to one of our paid plans|about these ads",
    ),
];
